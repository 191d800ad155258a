//! The repository keeps its own rules.

use anyhow::Result;
use system_tests::rules::{documents, migrations, registries, source};
use system_tests::{Repository, assert_none};

#[test]
fn no_source_file_is_too_long_to_tell_one_story() -> Result<()> {
    assert_none(&source::too_long(&Repository::here()?));
    Ok(())
}

#[test]
fn no_source_file_holds_a_stub_or_a_stray_print() -> Result<()> {
    assert_none(&source::left_overs(&Repository::here()?));
    Ok(())
}

#[test]
fn nothing_is_put_off_in_a_comment() -> Result<()> {
    assert_none(&source::postponed(&Repository::here()?));
    Ok(())
}

#[test]
fn no_file_names_a_directory_of_one_machine() -> Result<()> {
    assert_none(&source::machine_paths(&Repository::here()?));
    Ok(())
}

#[test]
fn packages_come_from_the_public_registries() -> Result<()> {
    assert_none(&registries::elsewhere(&Repository::here()?));
    Ok(())
}

#[test]
fn both_databases_have_the_same_migrations() -> Result<()> {
    assert_none(&migrations::uneven(&Repository::here()?));
    Ok(())
}

#[test]
fn every_migration_is_part_of_the_program() -> Result<()> {
    assert_none(&migrations::not_embedded(&Repository::here()?));
    Ok(())
}

#[test]
fn every_front_page_names_the_two_commands() -> Result<()> {
    assert_none(&documents::front_pages_without_commands(
        &Repository::here()?
    ));
    Ok(())
}

#[test]
fn ci_runs_the_command_of_the_front_page() -> Result<()> {
    assert_none(&documents::ci_without_the_command(&Repository::here()?));
    Ok(())
}

#[test]
fn every_fixture_is_explained() -> Result<()> {
    assert_none(&documents::undocumented_fixtures(&Repository::here()?));
    Ok(())
}

#[test]
fn every_link_between_documents_leads_somewhere() -> Result<()> {
    assert_none(&documents::dead_links(&Repository::here()?));
    Ok(())
}
