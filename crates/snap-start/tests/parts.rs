//! The parts of the start code that do not need to be at the start, included by path: the library
//! itself cannot be linked with std.
#![allow(missing_docs, unreachable_pub, dead_code, unsafe_code)]

use core::ffi::{CStr, c_char};

#[path = "../src/panic_line.rs"]
mod panic_line;
#[cfg(target_pointer_width = "64")]
#[path = "../src/freestanding/process.rs"]
mod process;
#[path = "../src/storage.rs"]
mod storage;

/// A process as `_start` would pass it.
fn process(arguments: &[&'static CStr], environment: &[&'static CStr]) -> process::Process {
    let list = |strings: &[&'static CStr]| -> *const *const c_char {
        let pointers = strings.iter().map(|text| text.as_ptr());
        let list: Vec<_> = pointers.chain([core::ptr::null()]).collect();
        Box::leak(list.into_boxed_slice()).as_ptr()
    };
    let lists = [list(arguments), list(environment)];
    // SAFETY: `Process` is two such pointers (`repr(C)`); both lists end with null and live on.
    unsafe { core::mem::transmute::<[*const *const c_char; 2], process::Process>(lists) }
}

#[test]
fn arguments_come_in_order_and_may_be_missing() {
    let all: Vec<&[u8]> = process(&[c"a", c"", c"--b=c"], &[c"A=1"]).into_args().collect();
    assert_eq!(all, [b"a".as_slice(), b"", b"--b=c"]);
    let mut none = process(&[], &[]).into_args();
    assert_eq!((none.next(), none.next()), (None, None));
}

#[test]
fn the_first_entry_of_exactly_that_name_counts() {
    let environment = [c"A", c"", c"=", c"=A=0", c"AB=1", c"A=", c"A=2", c"B=x=y", c"C"];
    let process = process(&[c"name"], &environment);
    assert_eq!(process.env(b"A"), Some(b"".as_slice()));
    assert_eq!(process.env(b"AB"), Some(b"1".as_slice()));
    assert_eq!(process.env(b"B"), Some(b"x=y".as_slice()));
    assert_eq!(process.env(b"C"), None);
    assert_eq!(process.env(b"D"), None);
}

#[test]
fn storage_is_handed_out_once() {
    static STORAGE: storage::Storage<[u8; 4]> = storage::Storage::new([1; 4]);
    let value = STORAGE.take().expect("nobody has it yet");
    value[0] = 7;
    assert!(STORAGE.take().is_none());
    assert_eq!(*value, [7, 1, 1, 1]);
}

#[test]
fn a_panic_says_where_in_one_line() {
    let here = core::panic::Location::caller();
    let line = panic_line::PanicLine(Some(here)).to_string();
    let expected = format!(
        "cannot update snap namespace: internal error at {}:{}\n",
        here.file(),
        here.line()
    );
    assert_eq!(line, expected);
    let line = panic_line::PanicLine(None).to_string();
    assert!(line.ends_with(" at an unknown place\n"));
}
