//! Files that only name people: tags, distribution lists, blacklists. Nobody
//! is made by them; whoever is not known is refused (R406) before the file is
//! let in, so that the preview says how many. Only a blacklist puts unknown
//! addresses on record, without name or consent: a suppression list comes
//! before the people it is about.

use std::collections::HashSet;

use domain::ids::RecipientId;
use domain::recipient::AddressForm;
use domain::{ReasonCode, Recipient};
use intake::{CodeCount, Judged, Record, Summary};
use secrecy::SecretString;
use store::Writer;
use store::blacklist::{NewStop, StopCause};
use store::consent::{Applied, IncomingRecord};
use store::rejections::Rejection;
use store::tags::GroupKind;
use store::upload_work::{AppliedSlice, ClaimedUpload};
use store::uploads::{AppliedCounts, Upload, UploadPurpose};

use super::apply::{LATE_REJECTIONS_FROM, appended, count};
use super::spool::Slice;
use crate::Engine;
use crate::error::EngineError;

/// Lines named with a code in the preview.
const FIRST_LINES: usize = 5;

impl Engine {
    /// Refuses whoever the firm does not know, and corrects the account of the
    /// judging by them.
    pub(super) async fn refuse_unknown(
        &self,
        claimed: &ClaimedUpload,
        judged: &mut Judged,
    ) -> Result<(), EngineError> {
        let mut unknown = 0;
        let mut lines = Vec::new();
        let mut slices = self.read_slices(judged.records.clone(), 0);
        while let Some(read) = slices.recv().await {
            let read = read.map_err(EngineError::file("reading the judged records"))?;
            let slice = read.records;
            let mut writer = self.store.write().await?;
            let ids = ids_of(&mut writer, &claimed.upload, &slice).await?;
            let refused: Vec<Rejection> = slice
                .iter()
                .zip(&ids)
                .filter(|(_, id)| id.is_none())
                .map(|(record, _)| not_found(record))
                .collect();
            if refused.is_empty() {
                continue;
            }
            unknown += refused.len() as u64;
            let room = FIRST_LINES.saturating_sub(lines.len());
            let named = refused.iter().take(room);
            lines.extend(named.map(|one| u64::try_from(one.line).unwrap_or(0)));
            writer.add_rejections(claimed.upload.id, &refused).await?;
            writer.commit().await?;
        }
        if unknown > 0 {
            self.keep_late_rows(claimed).await?;
        }
        correct(&mut judged.summary, unknown, lines);
        Ok(())
    }

    /// Does to the people of a slice what the file is for.
    pub(super) async fn apply_named(
        &self,
        claimed: &ClaimedUpload,
        slice: &Slice,
        from_offset: i64,
    ) -> Result<(), EngineError> {
        let upload = &claimed.upload;
        let mut writer = self.store.write().await?;
        let mut ids = ids_of(&mut writer, upload, &slice.records).await?;
        let mut taken_in = Applied::default();
        if upload.purpose.takes_strangers() && ids.contains(&None) {
            let strangers = strangers(slice, &ids);
            let context = self.apply_context(upload);
            taken_in = writer.apply_records(&context, &strangers).await?;
            ids = ids_of(&mut writer, upload, &slice.records).await?;
        }
        let people: Vec<RecipientId> = ids.into_iter().flatten().collect();
        let changed = change(&mut writer, upload, &people).await?;
        let created = count(taken_in.created);
        let known = count(people.len()) - created;
        let updated = (i64::try_from(changed).unwrap_or(i64::MAX) - created).clamp(0, known);
        let counts = AppliedCounts {
            created,
            updated,
            unchanged: known - updated,
            ..AppliedCounts::default()
        };
        let applied = AppliedSlice {
            from_offset,
            to_offset: slice.next,
            records: count(people.len()),
            counts,
            events: appended(&taken_in),
        };
        writer.advance_upload(&claimed.claim, applied).await?;
        let lease_us = self.settings.uploads.lease_seconds * domain::time::SECOND_US;
        writer.renew_upload(&claimed.claim, lease_us, None).await?;
        writer.commit().await?;
        Ok(())
    }
}

/// How many of these people were not so before.
async fn change(
    writer: &mut Writer,
    upload: &Upload,
    people: &[RecipientId],
) -> Result<u64, EngineError> {
    let firm = upload.firm;
    // Checked when the file came in.
    let name = upload.tag.as_deref().unwrap_or(&upload.name);
    let changed = match upload.purpose {
        UploadPurpose::Contacts | UploadPurpose::Promotion => 0,
        UploadPurpose::TagAdd => {
            let tag = writer.ensure_tag(firm, name).await?;
            writer.add_to_tag(tag, people).await?
        }
        UploadPurpose::List => {
            let list = writer.ensure_group(firm, name, GroupKind::List).await?;
            writer.add_to_tag(list, people).await?
        }
        UploadPurpose::TagRemove => match writer.tag_named(firm, name).await? {
            Some((tag, _)) => writer.remove_from_tag(tag, people).await?,
            None => 0,
        },
        UploadPurpose::Blacklist => {
            let stop = NewStop {
                channel: upload.stops.channel,
                cause: StopCause::Blacklist,
                spares_mandatory: upload.stops.spares_mandatory,
                note: Some(&upload.name),
                actor: &upload.actor,
            };
            writer.add_stops(firm, people, stop).await?
        }
        UploadPurpose::Whitelist => {
            writer
                .lift_blacklist(firm, people, upload.stops.channel)
                .await?
        }
    };
    Ok(changed)
}

async fn ids_of(
    writer: &mut Writer,
    upload: &Upload,
    slice: &[Record],
) -> Result<Vec<Option<RecipientId>>, EngineError> {
    let addresses: Vec<Recipient> = slice.iter().map(|r| r.recipient.clone()).collect();
    Ok(writer.recipient_ids(upload.firm, &addresses).await?)
}

/// The unknown addresses of a slice, each once and nothing besides: a list of
/// whom not to reach is no source of names.
fn strangers(slice: &Slice, ids: &[Option<RecipientId>]) -> Vec<IncomingRecord> {
    let unknown = slice.incoming.iter().zip(ids);
    let unknown = unknown.filter(|(_, id)| id.is_none());
    let mut seen = HashSet::new();
    unknown
        .filter(|(record, _)| seen.insert(&record.recipient))
        .map(|(record, _)| IncomingRecord {
            external_id: None,
            token: None,
            name: None,
            consent: None,
            evidence: None,
            attributes: Vec::new(),
            standing: None,
            ..record.clone()
        })
        .collect()
}

fn not_found(record: &Record) -> Rejection {
    let form = record.recipient.form();
    let field = match form {
        AddressForm::Phone => "phone",
        AddressForm::Email => "email",
    };
    let address = record.recipient.to_string();
    Rejection {
        line: i64::try_from(record.line).unwrap_or(i64::MAX),
        number: LATE_REJECTIONS_FROM + form.as_db(),
        channel: None,
        field: field.into(),
        code: ReasonCode::R406,
        args: Vec::new(),
        value: Some(SecretString::from(address)),
        raw: None,
    }
}

/// Moves pairs from the accepted to the rejected ones of an account.
fn correct(summary: &mut Summary, unknown: u64, lines: Vec<u64>) {
    if unknown == 0 {
        return;
    }
    summary.accepted = summary.accepted.saturating_sub(unknown);
    summary.rejected += unknown;
    add(&mut summary.codes, unknown, lines.clone());
    summary.codes.sort_by_key(|counted| counted.code);
    add(&mut summary.biggest_reasons, unknown, lines);
    let reasons = &mut summary.biggest_reasons;
    reasons.sort_by(|a, b| b.count.cmp(&a.count).then(a.code.cmp(&b.code)));
    reasons.truncate(3);
    let percent = summary.rejected.saturating_mul(100_000) / summary.judged.max(1);
    summary.rejected_share = f64::from(u32::try_from(percent).unwrap_or(u32::MAX)) / 100_000.0;
}

fn add(counts: &mut Vec<CodeCount>, count: u64, lines: Vec<u64>) {
    let code = ReasonCode::R406;
    match counts.iter_mut().find(|counted| counted.code == code) {
        Some(counted) => counted.count += count,
        None => counts.push(CodeCount {
            code,
            count,
            first_lines: lines,
            deadlines: None,
            examples: Vec::new(),
        }),
    }
}
