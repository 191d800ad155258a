//! Who a row is about, besides addresses.

use domain::ReasonCode;
use domain::fold_text::cell::is_spreadsheet_error;

use super::cells::Cells;
use crate::cell::identity::{Identity, is_national_id, read_external_id, read_token};
use crate::cell::name;
use crate::cell::{Fault, clean, empties, retailer_code};
use crate::field::Field;
use crate::remarked::Remarked;
use crate::table::layout::Layout;

/// Reads the columns about a person into reused buffers.
#[derive(Debug, Default)]
pub(crate) struct PersonReader {
    external_id: String,
    token: String,
    first: String,
    last: String,
    full: String,
    joined: String,
    tags: String,
    more_tags: String,
    branch: String,
    retailer: String,
}

/// A person as the row names them.
#[derive(Debug)]
pub(crate) struct Person<'a> {
    pub(crate) external_id: Option<&'a str>,
    pub(crate) token: Option<&'a str>,
    /// An empty one empties what is on record.
    pub(crate) name: Option<&'a str>,
    pub(crate) tags: Option<&'a str>,
    /// Values of attributes, see [`super::split_attributes`].
    pub(crate) attributes: Option<&'a str>,
    /// The branch or dealer, by its first filled column.
    pub(crate) branch: Option<&'a str>,
    /// The retailer's number at İYS.
    pub(crate) retailer: Option<u32>,
    /// Whether a word such as `null` stands where an identifier should.
    pub(crate) is_spelled_out_as_missing: bool,
    /// Identifiers that cannot be used (R402 to R404).
    pub(crate) faults: Vec<Fault>,
}

impl PersonReader {
    pub(crate) fn read<'a>(
        &'a mut self,
        cells: Cells<'a>,
        layout: &Layout,
        remarked: &mut Remarked,
    ) -> Person<'a> {
        let tags = match layout.tags.as_slice() {
            [] => "",
            [one] => tag_text(cells, *one, &mut self.tags, remarked),
            several => {
                self.tags.clear();
                for &column in several {
                    let part = tag_text(cells, column, &mut self.more_tags, remarked);
                    if !part.is_empty() {
                        self.tags.push_str(part);
                        self.tags.push(';');
                    }
                }
                self.tags.trim_end_matches(';')
            }
        };
        let mut text = |column, scratch| clean_text(cells, column, scratch, remarked);
        let external_id = text(layout.external_id, &mut self.external_id);
        let token = text(layout.token, &mut self.token);
        let first = text(layout.first_name, &mut self.first);
        let last = text(layout.last_name, &mut self.last);
        let full = text(layout.full_name, &mut self.full);
        let is_emptied = [first, last, full].into_iter().any(empties);
        let [first, last, full] =
            [first, last, full].map(|part| if empties(part) { "" } else { part });
        let name = if full.is_empty() {
            name::join(first, last, &mut self.joined)
        } else {
            Some(full)
        };
        let name = name.or(is_emptied.then_some(""));
        // Nobody is called #YOK: what a formula did not find is a lost name too.
        let is_error = [first, last, full].into_iter().any(is_spreadsheet_error);
        let name = name.filter(|name| {
            let is_lost = is_error || name::has_lost_letters(name);
            if is_lost {
                remarked.add(ReasonCode::W105);
            }
            !is_lost
        });
        let branch = layout.branches.iter().copied();
        let branch = branch
            .map(|column| cells.raw(Some(column)))
            .position(|cell| !cell.trim_ascii().is_empty());
        let branch = branch.and_then(|at| layout.branches.get(at).copied());
        let branch = clean_text(cells, branch, &mut self.branch, remarked);
        let branch = if is_spreadsheet_error(branch) {
            ""
        } else {
            branch
        };
        let told = clean_text(cells, layout.retailer, &mut self.retailer, remarked);
        let retailer = retailer_code(told);
        if retailer.is_none() && !told.is_empty() {
            remarked.add(ReasonCode::W704);
        }
        // The scores know the retailer by its code where no branch is named.
        let branch = if branch.is_empty() { told } else { branch };
        let mut person = Person {
            external_id: None,
            token: None,
            name,
            tags: Some(tags).filter(|tags| !tags.is_empty()),
            attributes: None,
            branch: Some(shortened(branch)).filter(|branch| !branch.is_empty()),
            retailer,
            is_spelled_out_as_missing: false,
            faults: Vec::new(),
        };
        person.external_id = person.take(
            read_external_id(external_id),
            Field::ExternalId,
            external_id,
            remarked,
        );
        let national_id = cells.raw(layout.national_id).trim_ascii();
        if !national_id.is_empty() && !is_national_id(national_id) {
            // The number itself stays out of the report.
            let fault = Fault::new(Field::NationalId, ReasonCode::R405);
            person.faults.push(fault);
        }
        person.token = person.take(read_token(token), Field::Token, token, remarked);
        person
    }
}

impl Person<'_> {
    fn take<'a>(
        &mut self,
        identity: Identity<'a>,
        field: Field,
        shown: &str,
        remarked: &mut Remarked,
    ) -> Option<&'a str> {
        match identity {
            Identity::Known(text, remark) => {
                remarked.extend(remark);
                Some(text)
            }
            Identity::Absent { is_spelled_out } => {
                self.is_spelled_out_as_missing |= is_spelled_out;
                None
            }
            Identity::Faulty(code) => {
                self.faults.push(Fault::of_cell(field, code, shown));
                None
            }
        }
    }
}

/// Longest name of a branch that is kept, bytes.
const BRANCH_BYTES_MAX: usize = 100;

/// The beginning of a name, cut between letters.
fn shortened(name: &str) -> &str {
    let end = (0..=BRANCH_BYTES_MAX.min(name.len()))
        .rev()
        .find(|&at| name.is_char_boundary(at));
    name.get(..end.unwrap_or(0)).unwrap_or_default().trim_end()
}

/// A cell of tags. What a formula did not find is no tag.
fn tag_text<'a>(
    cells: Cells<'a>,
    column: usize,
    scratch: &'a mut String,
    remarked: &mut Remarked,
) -> &'a str {
    let text = clean_text(cells, Some(column), scratch, remarked);
    if is_spreadsheet_error(text) {
        remarked.add(ReasonCode::W101);
        return "";
    }
    text
}

/// A cell as clean text, remarking on what was repaired.
fn clean_text<'a>(
    cells: Cells<'a>,
    column: Option<usize>,
    scratch: &'a mut String,
    remarked: &mut Remarked,
) -> &'a str {
    let (text, repaired) = cells.text(column, scratch);
    if text.is_empty() {
        return "";
    }
    if repaired {
        remarked.add(ReasonCode::W104);
    }
    let cleaned = clean(text);
    remarked.extend(cleaned.remark);
    cleaned.text
}
