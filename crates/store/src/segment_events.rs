//! Conditions over events as SQL: the events of a kind in a window are walked
//! once by their index, counted by person, and people are looked up in that.

use std::fmt::Write as _;

use domain::Timestamp;
use domain::segment::{Comparison, EventRule, FieldRule, Often};

use crate::db::Engine;
use crate::segment_sql::Spelling;

impl Spelling<'_> {
    /// How often the owner of `r` did something, for the brand `$2`.
    pub(crate) fn event(&mut self, rule: &EventRule) -> String {
        let name = self.text(&rule.name);
        let mut wanted = format!(
            "ev.brand_id = $2 AND ev.type_id = (SELECT et.id FROM event_type et \
             WHERE et.firm_id = $1 AND et.name = {name}) AND ev.contact_id IS NOT NULL"
        );
        let (since, before) = rule.window(self.now());
        for (sign, bound) in [(">=", since), ("<", before)] {
            if let Some(us) = bound.map(Timestamp::as_micros) {
                let _ = write!(wanted, " AND ev.occurred_us {sign} {us}");
            }
        }
        if let Some(field) = &rule.field {
            let field = self.field(field);
            let _ = write!(wanted, " AND {field}");
        }
        // At most so many: whoever did it more often is left out, and nobody else.
        let (not, counted) = match rule.often {
            Often::AtLeast if rule.times <= 1 => ("", String::new()),
            Often::AtLeast => ("", having(">=", rule.times)),
            Often::AtMost => ("NOT ", having(">", rule.times)),
            Often::Never => ("NOT ", String::new()),
        };
        format!(
            "r.contact_id {not}IN (SELECT ev.contact_id FROM person_event ev \
             WHERE {wanted}{counted})"
        )
    }

    /// What the body of `ev` holds. Only a number of JSON is compared as a
    /// number, so that no text of a sender can break the statement.
    fn field(&mut self, rule: &FieldRule) -> String {
        let (name, value) = (self.text(&rule.name), self.text(&rule.value));
        let (kind, held) = match self.engine() {
            Engine::Sqlite => {
                let path = format!("('$.\"' || {name} || '\"')");
                (
                    format!("json_type(ev.body, {path})"),
                    format!("(ev.body ->> {path})"),
                )
            }
            Engine::Postgres => (
                format!("jsonb_typeof(CAST(ev.body AS jsonb) -> {name})"),
                format!("(CAST(ev.body AS jsonb) ->> {name})"),
            ),
        };
        let compared = |sign: &str| match self.engine() {
            Engine::Sqlite => format!(
                "(CASE WHEN {kind} IN ('integer', 'real') \
                 THEN CAST({held} AS REAL) {sign} CAST({value} AS REAL) ELSE 1 = 0 END)"
            ),
            Engine::Postgres => format!(
                "(CASE WHEN {kind} = 'number' THEN CAST({held} AS DOUBLE PRECISION) {sign} \
                 CAST({value} AS DOUBLE PRECISION) ELSE 1 = 0 END)"
            ),
        };
        let same = || {
            let told = match self.engine() {
                // SQLite shows true and false as 1 and 0; their kinds are the words.
                Engine::Sqlite => format!(
                    "(CASE {kind} WHEN 'text' THEN {held} = {value} \
                     WHEN 'true' THEN {value} = 'true' WHEN 'false' THEN {value} = 'false' \
                     ELSE 1 = 0 END)"
                ),
                Engine::Postgres => format!(
                    "(CASE WHEN {kind} IN ('string', 'boolean') THEN {held} = {value} \
                     ELSE 1 = 0 END)"
                ),
            };
            if rule.number().is_some() {
                format!("({told} OR {})", compared("="))
            } else {
                told
            }
        };
        match rule.comparison {
            Comparison::Below => compared("<"),
            Comparison::Above => compared(">"),
            Comparison::IsNot => format!("NOT {}", same()),
            _ => same(),
        }
    }
}

fn having(sign: &str, times: u32) -> String {
    format!(" GROUP BY ev.contact_id HAVING count(*) {sign} {times}")
}
