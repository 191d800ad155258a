#![no_main]

use izinli_fuzz::{judged, options, workbook};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|sheet: &[u8]| judged(&workbook(sheet), &options(2)));
