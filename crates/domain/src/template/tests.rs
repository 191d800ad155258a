use super::*;

fn values(pairs: &[(&str, &str)]) -> Values {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

#[test]
fn a_text_is_rendered_only_when_every_variable_has_a_value() {
    let text = MessageText::parse("Sayın {{ad}}, {{ şehir }} mağazamız açıldı.").expect("valid");
    assert_eq!(text.variables(), ["ad", "şehir"]);
    let full = text.render(&values(&[("ad", "Şükrü"), ("şehir", "Iğdır")]));
    assert_eq!(full.as_deref(), Ok("Sayın Şükrü, Iğdır mağazamız açıldı."));
    for missing in [
        values(&[("ad", "Ali")]),
        values(&[("ad", "Ali"), ("şehir", "  ")]),
    ] {
        assert_eq!(
            text.render(&missing),
            Err(RenderError::Missing {
                name: "şehir".into()
            })
        );
    }
}

#[test]
fn a_default_stands_in_for_a_value_that_is_not_there() {
    let text = MessageText::parse(
        "Sayın {{ad|baslik|varsayilan(\"Değerli Müşterimiz\")}}, kodunuz {{kod}}.",
    );
    let text = text.expect("valid");
    assert_eq!(text.variables(), ["ad", "kod"]);
    assert_eq!(text.required(), ["kod"], "the others may be empty");
    let rendered = |pairs: &[(&str, &str)]| text.render(&values(pairs));
    assert_eq!(
        rendered(&[("kod", "A1")]).as_deref(),
        Ok("Sayın Değerli Müşterimiz, kodunuz A1.")
    );
    assert_eq!(
        rendered(&[("kod", "A1"), ("ad", "IŞIL İNCİ")]).as_deref(),
        Ok("Sayın Işıl İnci, kodunuz A1.")
    );
    assert!(matches!(
        rendered(&[("ad", "Ali")]),
        Err(RenderError::Missing { .. })
    ));
}

#[test]
fn a_branch_speaks_only_of_what_it_asked_for() {
    let text = MessageText::parse(
        "Merhaba{% if ad and not (tür == \"kurum\") %} {{ad}}{% elif unvan %} {{unvan}}\
         {% else %} dostumuz{% endif %}!",
    );
    let text = text.expect("valid");
    assert_eq!(text.variables(), ["ad", "tür", "unvan"]);
    assert!(text.required().is_empty());
    for (pairs, shown) in [
        (&[("ad", "Ali")][..], "Merhaba Ali!"),
        (&[("ad", "Ali"), ("tür", "kurum")][..], "Merhaba dostumuz!"),
        (
            &[("ad", "Ali"), ("tür", "kurum"), ("unvan", "Örnek A.Ş.")][..],
            "Merhaba Örnek A.Ş.!",
        ),
        (&[("ad", "  ")][..], "Merhaba dostumuz!"),
    ] {
        assert_eq!(
            text.render(&values(pairs)).as_deref(),
            Ok(shown),
            "{pairs:?}"
        );
    }
    for (text, name) in [
        ("a{% if vip %}{{kod}}{% endif %}", "kod"),
        ("a{% if vip or kod %}{{kod}}{% endif %}", "kod"),
        ("a{% if kod %}b{% else %}{{kod}}{% endif %}", "kod"),
        ("a{% if kod == \"\" %}{{kod}}{% endif %}", "kod"),
    ] {
        let refused = MessageText::parse(text).err();
        assert!(
            matches!(&refused, Some(InvalidText::MayBeEmpty { name: found, .. }) if found == name),
            "{text}: {refused:?}"
        );
    }
    for text in [
        "a{% if not kod %}b{% else %}{{kod}}{% endif %}",
        "a{% if kod != \"\" %}{{kod}}{% endif %}",
        "a{% if vip %}{{kod}}{% endif %} {{kod}}",
        "a{% if vip %}{{kod|varsayilan(\"yok\")}}{% endif %}",
    ] {
        assert!(MessageText::parse(text).is_ok(), "{text}");
    }
    let hidden = MessageText::parse("{% if ad %}a{% endif %}").err();
    assert_eq!(hidden, Some(InvalidText::OnlyConditional));
}

#[test]
fn what_everybody_reads_is_told_from_what_some_do() {
    let text = "A {{ad|varsayilan(\"RET\")}}{% if ad %} RET{% endif %}.";
    assert_eq!(said_to_everybody(text), "A {{ad}}.");
    assert_eq!(said_to_anybody(text), "A {{ad}} RET.");
    assert_eq!(said_to_everybody("A {{ad}} {% if"), "A {{ad}} ");
}

#[test]
fn the_largest_text_is_within_the_limit_on_work() {
    let many = "{{ad|buyuk|kucuk}} ".repeat(TAGS_MAX - 1);
    let text = MessageText::parse_long(&many).expect("valid");
    assert!(text.render(&values(&[("ad", "a")])).is_ok());
    let more = "{{ad}} ".repeat(TAGS_MAX + 1);
    assert!(MessageText::parse_long(&more).is_err());
}

#[test]
fn a_name_never_becomes_markup() {
    let html = MessageText::parse_html("<p>{{ad|varsayilan(\"<i>\")}}</p>").expect("valid");
    assert_eq!(html.render(&values(&[])).as_deref(), Ok("<p>&lt;i&gt;</p>"));
    let html = MessageText::parse_html("<p>Sayın {{ad}}</p>").expect("valid");
    let rendered = html.render(&values(&[("ad", "<b>A & \"B\"</b>")]));
    let rendered = rendered.expect("rendered");
    assert!(
        rendered.starts_with("<p>Sayın &lt;b&gt;A &amp; "),
        "{rendered}"
    );
    let text = MessageText::parse("Sayın {{ad}}").expect("valid");
    assert_eq!(
        text.render(&values(&[("ad", "A & B")])).as_deref(),
        Ok("Sayın A & B")
    );
}

#[test]
fn variables_of_other_products_are_converted_on_paste_and_said_so() {
    assert_eq!(
        normalise("Sayın {@ad}, {{ şehir }} {{ad}} { x } {% if"),
        (
            "Sayın {{ad}}, {{şehir}} {{ad}} { x } {% if".to_owned(),
            vec![
                "{@ad} → {{ad}}".to_owned(),
                "{{ şehir }} → {{şehir}}".to_owned()
            ]
        )
    );
    assert_eq!(
        normalise("{@a b} {@ {{"),
        ("{@a b} {@ {{".to_owned(), vec![])
    );
}

#[test]
fn a_misspelt_name_is_told_from_a_name_that_nobody_knows() {
    let known = ["ad", "musteri_no", "sehir"];
    assert_eq!(nearest("adi", known), Some("ad"));
    assert_eq!(nearest("şehir", known), Some("sehir"));
    assert_eq!(nearest("musterino", known), Some("musteri_no"));
    assert_eq!(nearest("puan", known), None);
    assert_eq!(nearest("x", known), None);
}

#[test]
fn no_power_of_the_engine_is_left_for_a_writer() {
    for text in [
        "{{ 'x' * 100000000 }}",
        "{{ ad ~ ad }}",
        "{{ ad|upper }}",
        "{{ ad|kirp(501) }}",
        "{{ ad|varsayilan('a' * 9) }}",
        "{{ ad|varsayilan(\"a\\\"b\") }}",
        "{{ 'x'|buyuk }}",
        "{{ ad if ad }}",
        "{% set a = ad %}b",
        "{% for x in ad %}b{% endfor %}",
        "{% macro m() %}b{% endmacro %}c",
        "{% include 'a' %}b",
        "{% raw %}b{% endraw %}c",
        "{% if range(3) %}b{% endif %}c",
        "{% if ad ~ ad %}b{% endif %}c",
        "{% if 1 %}b{% endif %}c",
        "{%- if ad %}b{% endif %}c",
        "{{ range(10) }}",
        "{{ ad[0:1] }}",
        "{{ ad.b }}",
        "{{ 1 + 1 }}",
        "{{ [ad] }}",
        "{{ '' }}",
    ] {
        assert!(MessageText::parse(text).is_err(), "{text}");
    }
}

#[test]
fn statements_and_broken_braces_are_refused_with_their_line() {
    assert_eq!(MessageText::parse(" ").err(), Some(InvalidText::Empty));
    let refused = |text: &str| MessageText::parse(text).err().expect("refused");
    let told = |text: &str| refused(text).to_string();
    assert!(matches!(
        refused("a {% for x in y %}"),
        InvalidText::Statement {
            place: Place { line: 1, column: 3 },
            ..
        }
    ));
    assert!(matches!(
        refused("bir\niki {{ad"),
        InvalidText::Syntax {
            place: Place { line: 2, column: 5 },
            ..
        }
    ));
    assert!(told("{{ad|buyuc}}").contains("did you mean `buyuk`?"));
    assert!(told("a{% if ad %}b").starts_with("line 1, character 2: "));
    for text in [
        "a{% endif %}",
        "a{% else %}b",
        "a{% if ad %}b{% else %}c{% else %}d{% endif %}",
        "a{% if ad %}b{% endif ad %}",
        "a{% if (ad %}b{% endif %}",
        "a{% if ad == 5 %}b{% endif %}",
    ] {
        assert!(
            matches!(refused(text), InvalidText::Syntax { .. }),
            "{text}"
        );
    }
    let long = "a".repeat(TEXT_BYTES_MAX + 1);
    assert!(matches!(
        MessageText::parse(&long),
        Err(InvalidText::TooLong { .. })
    ));
}
