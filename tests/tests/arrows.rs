//! The crates depend on each other in one direction only.

use anyhow::Result;
use system_tests::assert_none;
use system_tests::rules::arrows::Workspace;

#[test]
fn every_dependency_between_our_crates_follows_the_flow_of_data() -> Result<()> {
    assert_none(&Workspace::here()?.wrong_arrows());
    Ok(())
}

#[test]
fn sql_http_and_data_frames_stay_in_their_rooms() -> Result<()> {
    assert_none(&Workspace::here()?.misplaced_libraries());
    Ok(())
}
