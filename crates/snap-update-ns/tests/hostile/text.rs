//! Lines that are no entries.

use crate::check::{Case, Place, all_refused, case};
use crate::machine::on_a_machine;

use Place::{At, End};

#[test]
fn too_few_fields() {
    on_a_machine("text::too_few_fields", |machine| {
        let words = "field(s), need at least 3 (source, mount point, type)";
        let lines = ["x", "x y", "/a /b # none bind", "/a\t/b", "  /a  /b  ", "/a\\040/b none"];
        let lines = lines.map(|line| case(line, End, words));
        all_refused(machine, &lines);
    });
}

#[test]
fn dump_and_pass_that_are_no_numbers() {
    on_a_machine("text::dump_and_pass_that_are_no_numbers", |machine| {
        let words = "dump and pass must be decimal numbers";
        let start = "/snap/hello/1/lib /srv/bad none bind,x-snapd.origin=layout";
        let bad = |rest: &str, at| case(&format!("{start} {rest}"), At(at), words);
        let cases = [
            bad("zero 0", "zero"),
            bad("0 first", "first"),
            bad("-1 0", "-1"),
            bad("0 +1", "+1"),
            bad("0x1 0", "0x1"),
            bad("4294967296 0", "4294967296"),
            bad("0 99999999999999999999", "99999999999999999999"),
            bad("1.5", "1.5"),
            bad("0 \u{661}", "\u{661}"),
            bad("a b c 0 q", "q"),
            bad("0 0\\040", "0\\040"),
        ];
        all_refused(machine, &cases);
    });
}

#[test]
fn control_bytes() {
    on_a_machine("text::control_bytes", |machine| {
        let fields = ["/sn!ap", "/sr!v/bad", "no!ne", "bi!nd,x-snapd.origin=layout", "0!", "0!"];
        let mut cases = Vec::new();
        for (byte, shown) in [
            (0_u8, "control byte 0x00;"),
            (1, "control byte 0x01;"),
            (7, "control byte 0x07;"),
            (b'\r', "control byte 0x0d;"),
            (0x1b, "control byte 0x1b;"),
            (0x1f, "control byte 0x1f;"),
            (0x7f, "control byte 0x7f;"),
        ] {
            for field in 0..fields.len() {
                let mut line = fields.map(|text| text.replace('!', ""));
                line[field] = fields[field].to_owned();
                cases.push(control(&line.join(" "), byte, shown));
            }
            cases.push(control("# a comment !", byte, shown));
            cases.push(control("!", byte, shown));
            cases.push(control("a b c d 0 0 # and !", byte, shown));
        }
        all_refused(machine, &cases);
    });
}

/// A line with `byte` in the place of its `!`.
fn control(line: &str, byte: u8, shown: &'static str) -> Case {
    let at = line.find('!').expect("a place");
    let mut bytes = line.as_bytes().to_vec();
    bytes[at] = byte;
    let text: &'static str = match byte {
        0 => "\0",
        1 => "\x01",
        7 => "\x07",
        b'\r' => "\r",
        0x1b => "\x1b",
        0x1f => "\x1f",
        _ => "\x7f",
    };
    Case { line: bytes, place: At(text), words: shown }
}

#[test]
fn a_line_of_65_kib() {
    on_a_machine("text::a_line_of_65_kib", |machine| {
        let words = "the line is longer than 65536 bytes";
        let long = |start: &str, filler: &str| {
            let mut line = start.to_owned();
            line.push_str(&filler.repeat((65 << 10) / filler.len()));
            line
        };
        let mut texts = vec![
            long("# a comment ", "x"),
            long("tmpfs /srv/bad tmpfs x-snapd.origin=layout", ",x"),
            long("tmpfs /srv/bad", "/d"),
            long("", " "),
            long("x", "\\040"),
        ];
        // One byte too long.
        texts.push(format!("#{}", "x".repeat(64 << 10)));
        let file = "desired profile snap.hello.fstab";
        for text in texts {
            for (number, before) in [(1, ""), (2, crate::check::GOOD[0])] {
                let place = format!("{file}:{number}:65537: ");
                let desired = format!("{before}{text}\n{}", crate::check::GOOD[1]);
                crate::check::refused(machine, desired.as_bytes(), &[&place, words]);
            }
        }
    });
}
