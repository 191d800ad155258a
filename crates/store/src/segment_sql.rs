//! A segment's rules as one SQL condition over an address `r` and its contact
//! `sc`. Texts are never spelled into it: they travel as one JSON array in one
//! parameter, and numbers are numbers.

use domain::attribute::{Attribute, AttributeKind};
use domain::segment::{Comparison, History, Rule};
use domain::time::DAY_US;
use domain::{Channel, Status, Timestamp};

use crate::db::Engine;

/// Receipts come after a campaign has ended, but not for ever.
const LATE_RECEIPTS_US: i64 = 7 * DAY_US;

/// Rules at work: with what their attributes are, and the instant they are
/// looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentRules {
    /// The rules.
    pub rule: Rule,
    /// The firm's attributes.
    pub attributes: Vec<Attribute>,
    /// Days are counted back from here.
    pub now: Timestamp,
}

/// Writes one condition. Firm, brand and recipient kind are `$1`, `$2` and `$4`.
pub(crate) struct Spelling<'s> {
    rules: &'s SegmentRules,
    engine: Engine,
    /// The parameter that holds the texts.
    parameter: usize,
    texts: Vec<String>,
}

impl SegmentRules {
    /// The condition, and the texts of its parameter as JSON.
    pub(crate) fn condition(&self, engine: Engine, parameter: usize) -> (String, Vec<String>) {
        let mut spelling = Spelling {
            rules: self,
            engine,
            parameter,
            texts: Vec::new(),
        };
        let sql = spelling.rule(&self.rule);
        // Named even where no condition has a text: it is bound all the same.
        let sql = format!("({sql} AND CAST(${parameter} AS TEXT) IS NOT NULL)");
        (sql, spelling.texts)
    }
}

impl Spelling<'_> {
    pub(crate) const fn engine(&self) -> Engine {
        self.engine
    }

    /// The instant at which the rules are looked at.
    pub(crate) const fn now(&self) -> Timestamp {
        self.rules.now
    }

    /// A text as the statement sees it.
    pub(crate) fn text(&mut self, text: &str) -> String {
        let at = self.texts.len();
        self.texts.push(text.to_owned());
        let parameter = self.parameter;
        match self.engine {
            Engine::Sqlite => format!("json_extract(${parameter}, '$[{at}]')"),
            Engine::Postgres => format!("(CAST(${parameter} AS json) ->> {at})"),
        }
    }

    fn rule(&mut self, rule: &Rule) -> String {
        match rule {
            Rule::All { rules } => self.joined(rules, " AND "),
            Rule::Any { rules } => self.joined(rules, " OR "),
            Rule::Attribute {
                code,
                comparison,
                value,
            } => self.attribute(code, *comparison, value),
            Rule::Group { name, is_in } => {
                let name = self.text(name);
                format!(
                    "r.id {not}IN (SELECT gm.recipient_id FROM tag gt JOIN tag_member gm \
                     ON gm.tag_id = gt.id WHERE gt.firm_id = $1 AND gt.name = {name})",
                    not = not(*is_in),
                )
            }
            Rule::Consent { channel, status } => consent(*channel, *status),
            Rule::Message {
                history,
                days,
                happened,
            } => self.message(*history, *days, *happened),
            Rule::Event(event) => self.event(event),
        }
    }

    fn joined(&mut self, rules: &[Rule], word: &str) -> String {
        let parts: Vec<String> = rules.iter().map(|rule| self.rule(rule)).collect();
        format!("({})", parts.join(word))
    }

    fn attribute(&mut self, code: &str, comparison: Comparison, value: &str) -> String {
        let known = self.rules.attributes.iter().find(|one| one.code == code);
        let kind = known.map_or(AttributeKind::Text, |one| one.kind);
        let is_array = known.is_some_and(|one| one.is_array);
        let code = self.text(code);
        let held = match self.engine {
            Engine::Sqlite => format!("(sc.attributes ->> ('$.\"' || {code} || '\"'))"),
            Engine::Postgres => format!("(CAST(sc.attributes AS jsonb) ->> {code})"),
        };
        let held = format!("COALESCE({held}, '')");
        let find = match self.engine {
            Engine::Sqlite => "instr",
            Engine::Postgres => "strpos",
        };
        match comparison {
            Comparison::Filled => format!("{held} <> ''"),
            Comparison::Blank => format!("{held} = ''"),
            Comparison::Is => format!("{held} = {}", self.text(value)),
            Comparison::IsNot => format!("{held} <> {}", self.text(value)),
            Comparison::Contains if is_array => {
                let value = self.text(value);
                format!("{find}('; ' || {held} || '; ', '; ' || {value} || '; ') > 0")
            }
            Comparison::Contains => format!("{find}({held}, {}) > 0", self.text(value)),
            Comparison::Below | Comparison::Above => {
                let sign = if comparison == Comparison::Below {
                    '<'
                } else {
                    '>'
                };
                let value = self.text(value);
                if kind == AttributeKind::Date {
                    return format!("({held} <> '' AND substr({held}, 1, 10) {sign} {value})");
                }
                let number = |text: &str| format!("CAST({text} AS DOUBLE PRECISION)");
                // A text that is no number cannot be cast on PostgreSQL, and is 0 on SQLite.
                let is_number = match self.engine {
                    Engine::Sqlite => {
                        format!("({held} GLOB '[0-9]*' OR {held} GLOB '-[0-9]*')")
                    }
                    Engine::Postgres => format!("{held} ~ '^-?[0-9]+([.][0-9]+)?$'"),
                };
                format!(
                    "(CASE WHEN {is_number} THEN {} {sign} {} ELSE 1 = 0 END)",
                    number(&held),
                    number(&value)
                )
            }
        }
    }

    fn message(&self, history: History, days: u16, happened: bool) -> String {
        let since = self.rules.now.as_micros() - i64::from(days) * DAY_US;
        let not = not(happened);
        match history {
            History::Sent => format!(
                "r.id {not}IN (SELECT hr.recipient_id FROM campaign h \
                 JOIN send_batch hb ON hb.campaign_id = h.id AND hb.state = 3 AND hb.settled_us >= {since} \
                 JOIN campaign_recipient hr ON hr.campaign_id = h.id AND hr.code = 0 \
                      AND hr.recipient_id BETWEEN hb.first_recipient_id AND hb.last_recipient_id \
                 WHERE h.firm_id = $1 AND (h.finished_us IS NULL OR h.finished_us >= {since}) \
                   AND NOT EXISTS (SELECT 1 FROM send_exception hx WHERE hx.campaign_id = h.id \
                      AND hx.batch_no = hb.batch_no AND hx.recipient_id = hr.recipient_id))"
            ),
            History::Delivered => format!(
                "r.id {not}IN (SELECT hc.recipient_id FROM campaign h \
                 JOIN receipt hc ON hc.campaign_id = h.id AND hc.state = 6 AND hc.happened_us >= {since} \
                 WHERE h.firm_id = $1 AND (h.finished_us IS NULL OR h.finished_us >= {late}))",
                late = since - LATE_RECEIPTS_US,
            ),
        }
    }
}

const fn not(holds: bool) -> &'static str {
    if holds { "" } else { "NOT " }
}

/// What is on record of any address of the person, or of this one, for `$2`.
fn consent(channel: Channel, status: Option<Status>) -> String {
    let said = match status {
        Some(Status::Onay) => "q.local_status = 1 AND q.verdict <> 2",
        Some(Status::Ret) => "(q.local_status = 2 OR q.verdict = 2)",
        None => "(q.local_status <> 0 OR q.verdict IN (1, 2))",
    };
    format!(
        "{not}EXISTS (SELECT 1 FROM consent_state q WHERE q.brand_id = $2 \
         AND q.recipient_id IN (r.id, sc.phone_id, sc.email_id) AND q.channel = {channel} \
         AND q.kind = $4 AND {said})",
        not = not(status.is_some()),
        channel = channel.as_db(),
    )
}

#[cfg(test)]
mod tests {
    use domain::gate::{Basis, BrandPolicy, FeedTrust, SendingWindow};
    use domain::ids::{BrandId, FirmId};
    use domain::{RecipientKind, RegistryMode};

    use super::*;
    use crate::audience::AudienceQuestion;
    use crate::campaigns::Audience;
    use crate::plan::{Index, walks};

    /// The statement of an audience that these rules find.
    fn spelled(engine: Engine, rule: Rule) -> &'static str {
        let now = Timestamp::from_micros(1_750_662_000_000_000);
        let question = AudienceQuestion {
            promotion: None,
            firm: FirmId::from_db(1),
            brand: BrandId::from_db(2),
            channel: Channel::Mesaj,
            kind: RecipientKind::Bireysel,
            basis: Basis::Commercial,
            policy: BrandPolicy {
                mode: RegistryMode::Sync,
                off_reason_signed: false,
                freshness_us: DAY_US,
                feed: FeedTrust::default(),
                closed: domain::hours::ClosedDays::default(),
                window: SendingWindow::ALWAYS,
            },
            now,
            audience: Audience::All,
            segment: Some(SegmentRules {
                rule,
                attributes: Vec::new(),
                now,
            }),
            variables: Vec::new(),
            for_everyone: None,
            muted_purpose: None,
            shape: crate::audience_shape::Shape::default(),
        };
        Box::leak(question.sql(engine).into_boxed_str())
    }

    fn message(history: History) -> Rule {
        Rule::Message {
            history,
            days: 90,
            happened: true,
        }
    }

    fn consent() -> Rule {
        let text = Rule::Attribute {
            code: "semt".into(),
            comparison: Comparison::Is,
            value: "Moda".into(),
        };
        let asked = Rule::Consent {
            channel: Channel::Eposta,
            status: None,
        };
        Rule::All {
            rules: vec![text, asked],
        }
    }

    fn event(often: &str, times: u32) -> Rule {
        let field = serde_json::json!({ "name": "tutar", "comparison": "above", "value": "5" });
        let rule = serde_json::json!({
            "type": "event", "name": "satin_alma", "often": often, "times": times, "days": 30,
            "field": field,
        });
        serde_json::from_value(rule).expect("a rule")
    }

    #[tokio::test]
    async fn events_of_a_kind_are_walked_by_their_index_from_the_first_day_on() {
        // To PostgreSQL an empty table costs the same by any index of it.
        let index = || Index::of_key("person_event_type", "person_event_");
        walks(|engine| spelled(engine, event("at_least", 1)), index()).await;
        walks(|engine| spelled(engine, event("at_least", 3)), index()).await;
        walks(|engine| spelled(engine, event("at_most", 2)), index()).await;
        walks(|engine| spelled(engine, event("never", 0)), index()).await;
    }

    #[tokio::test]
    async fn every_condition_walks_a_key() {
        let key = Index::of_key;
        walks(
            |engine| spelled(engine, consent()),
            key("SEARCH q USING PRIMARY KEY", "consent_state_pkey"),
        )
        .await;
        walks(
            |engine| spelled(engine, message(History::Sent)),
            key("SEARCH hr USING PRIMARY KEY", "campaign_recipient_pkey"),
        )
        .await;
        walks(
            |engine| spelled(engine, message(History::Delivered)),
            key("SEARCH hc USING PRIMARY KEY", "receipt_pkey"),
        )
        .await;
        walks(
            |engine| {
                let group = Rule::Group {
                    name: "VIP".into(),
                    is_in: true,
                };
                spelled(
                    engine,
                    Rule::All {
                        rules: vec![group, consent()],
                    },
                )
            },
            key("SEARCH gm USING PRIMARY KEY", "tag_member_pkey"),
        )
        .await;
    }

    #[test]
    fn no_text_of_a_rule_is_part_of_the_statement() {
        let rules = SegmentRules {
            rule: Rule::Any {
                rules: vec![
                    Rule::Group {
                        name: "x'); DROP TABLE tag; --".into(),
                        is_in: false,
                    },
                    Rule::Attribute {
                        code: "a\"'".into(),
                        comparison: Comparison::Contains,
                        value: "'".into(),
                    },
                ],
            },
            attributes: Vec::new(),
            now: Timestamp::from_micros(0),
        };
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let (sql, texts) = rules.condition(engine, 10);
            assert!(!sql.contains("DROP") && !sql.contains("a\""), "{sql}");
            assert_eq!(texts.len(), 3);
        }
    }
}
