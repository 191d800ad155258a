//! `/connector-kinds`: the providers there are, what each needs filled in, and
//! which of it is never shown.

use axum::Json;
use serde::Serialize;
use serde_json::{Map, Value};
use store::access::Permission;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::problem::{Problem, Where};

/// A provider there is a connector for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectorKind {
    /// Its name in configuration, such as `infobip`.
    kind: &'static str,
    title_tr: &'static str,
    title_en: &'static str,
    /// What the user fills in, in the order of the form.
    fields: Vec<ConnectorField>,
}

/// One field of a provider's form.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectorField {
    name: &'static str,
    label_tr: &'static str,
    label_en: &'static str,
    /// Where to find the value.
    help_tr: &'static str,
    help_en: &'static str,
    /// Whether it is never shown again.
    secret: bool,
    /// Whether it takes several lines.
    multiline: bool,
    /// Of a whole number: what it may be.
    number: Option<NumberRange>,
    required: bool,
    /// What counts when it is left empty.
    default: Option<&'static str>,
}

/// What a whole number may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct NumberRange {
    /// The least.
    min: u32,
    /// The most.
    max: u32,
}

impl NumberRange {
    /// The range of a form; none where it takes something else than a number.
    const fn of(form: engine::FieldForm) -> Option<Self> {
        match form {
            engine::FieldForm::Number { min, max } => Some(Self { min, max }),
            _ => None,
        }
    }
}

/// Stands for a secret that was filled in.
const DOTS: &str = "••••••••";

/// Whether a field of a kind is never shown; what no form knows is not shown either.
fn is_secret(kind: &str, field: &str) -> bool {
    let info = engine::connector_kinds()
        .iter()
        .find(|info| info.kind == kind);
    let known = info.and_then(|info| info.fields.iter().find(|known| known.name == field));
    known.is_none_or(|known| {
        serde_json::to_value(known.form).is_ok_and(|form| form["form"] == "secret")
    })
}

/// A configuration as it may be shown.
pub(super) fn masked(kind: &str, config: &str) -> Value {
    let fields: Map<String, Value> = serde_json::from_str(config).unwrap_or_default();
    let hide = |(name, value): (String, Value)| {
        let is_hidden = is_secret(kind, &name) && !value.is_null();
        let shown = if is_hidden { DOTS.into() } else { value };
        (name, shown)
    };
    Value::Object(fields.into_iter().map(hide).collect())
}

/// Checks that a form is filled in as its kind wants it; what stands in the
/// fields is checked where the account is built.
pub(super) fn check_form(kind: &str, config: &Value) -> Result<(), Problem> {
    let info = engine::connector_kinds()
        .iter()
        .find(|info| info.kind == kind);
    let info = info.ok_or_else(|| Problem::field("kind", "kind"))?;
    let filled = config
        .as_object()
        .ok_or_else(|| Problem::field("config", "unreadable"))?;
    let fault = |name: &str, code| Where::new(format!("config.{name}"), code);
    let missing = info.fields.iter().filter(|field| {
        let value = filled.get(field.name);
        field.is_required && value.is_none_or(|value| value.is_null() || value == "")
    });
    let unknown = filled
        .keys()
        .filter(|name| info.fields.iter().all(|field| field.name != *name));
    let faults: Vec<Where> = missing
        .map(|field| fault(field.name, "required"))
        .chain(unknown.map(|name| fault(name, "unknown")))
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(faults))
    }
}

/// The providers there are, and what each needs.
#[utoipa::path(
    get, path = "/connector-kinds", operation_id = "connector_kinds", tag = "connectors",
    responses((status = 200, description = "All of them", body = Vec<ConnectorKind>)),
)]
pub(crate) async fn connector_kinds(caller: Caller) -> Result<Json<Vec<ConnectorKind>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let kinds = engine::connector_kinds().iter().map(|info| ConnectorKind {
        kind: info.kind,
        title_tr: info.title_tr,
        title_en: info.title_en,
        fields: info
            .fields
            .iter()
            .map(|field| ConnectorField {
                name: field.name,
                label_tr: field.label_tr,
                label_en: field.label_en,
                help_tr: field.help_tr,
                help_en: field.help_en,
                secret: is_secret(info.kind, field.name),
                multiline: field.form == engine::FieldForm::Lines,
                number: NumberRange::of(field.form),
                required: field.is_required,
                default: field.default,
            })
            .collect(),
    });
    Ok(Json(kinds.collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_tells_its_range_and_other_fields_have_none() {
        let of = NumberRange::of;
        assert_eq!(
            of(engine::FieldForm::Number { min: 0, max: 40 }),
            Some(NumberRange { min: 0, max: 40 })
        );
        assert_eq!(of(engine::FieldForm::Text), None);
        assert_eq!(of(engine::FieldForm::Secret), None);
    }

    #[test]
    fn what_is_filled_in_as_a_secret_is_never_shown() {
        for info in engine::connector_kinds() {
            let config: Map<String, Value> = info
                .fields
                .iter()
                .map(|field| (field.name.to_owned(), json!("gizli")))
                .collect();
            let text = serde_json::to_string(&config).unwrap();
            let Value::Object(shown) = masked(info.kind, &text) else {
                panic!("an object")
            };
            for field in info.fields {
                let is_shown = shown[field.name] == json!("gizli");
                assert_eq!(
                    is_shown,
                    !is_secret(info.kind, field.name),
                    "{}",
                    field.name
                );
            }
            assert!(
                shown.values().any(|value| value == DOTS),
                "{} has a secret",
                info.kind
            );
        }
        assert_eq!(masked("fax", "{\"a\":\"b\"}")["a"], json!(DOTS));
    }
}
