#![no_main]

use izinli_fuzz::{judged, options};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some((&choice, file)) = bytes.split_first() {
        judged(file, &options(choice));
    }
});
