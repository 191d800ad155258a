#![no_main]

use izinli_fuzz::{judged, options};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| judged(bytes, &options(2)));
