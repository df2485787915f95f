//! The two conveniences of the text in cases: repeated lines and raw bytes.

/// `text` with every line that holds `{A..B}` repeated for each number from A to B.
pub(super) fn repeated(text: &str) -> String {
    let mut all = String::new();
    for line in text.split_inclusive('\n') {
        match range(line) {
            None => all.push_str(line),
            Some((pattern, from, to)) => {
                for number in from..=to {
                    let line = line.trim_end_matches('\n');
                    all.push_str(&line.replace(pattern, &number.to_string()));
                    all.push('\n');
                }
            }
        }
    }
    all
}

/// The bytes of a profile: lines repeated, and `\xHH` replaced by that byte.
pub(crate) fn expand(text: &str) -> Vec<u8> {
    raw_bytes(&repeated(text))
}

fn range(line: &str) -> Option<(&str, u32, u32)> {
    let start = line.find('{')?;
    let pattern = line.get(start..)?;
    let pattern = pattern.get(..=pattern.find('}')?)?;
    let (from, to) = pattern.trim_matches(['{', '}']).split_once("..")?;
    Some((pattern, from.parse().ok()?, to.parse().ok()?))
}

/// `text` with `\xHH` replaced by that byte.
pub(super) fn raw_bytes(text: &str) -> Vec<u8> {
    let mut pieces = text.split("\\x");
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let value = piece.get(..2).map(|hex| u8::from_str_radix(hex, 16));
        if let (Some(Ok(value)), Some(rest)) = (value, piece.get(2..)) {
            bytes.push(value);
            bytes.extend(rest.as_bytes());
        } else {
            bytes.extend(b"\\x");
            bytes.extend(piece.as_bytes());
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn repeats_lines_and_makes_bytes() {
        assert_eq!(expand("a{2..3}b{2..3}\nc\n"), b"a2b2\na3b3\nc\n");
        assert_eq!(expand("a{2..3}"), b"a2\na3\n");
        assert_eq!(expand("x-mode{ \\xffz \\x"), b"x-mode{ \xffz \\x");
    }
}
