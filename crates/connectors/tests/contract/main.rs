//! What every connector must do, run over each against its own simulator and
//! over real HTTP. A new provider adds a case in `cases` and a line below.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;
mod brevo_only;
mod cases;
mod configuration;
mod doubt;
mod iletimerkezi_only;
mod inbound;
mod messages;
mod netgsm_only;
mod post;
mod receipts;
mod refusals;
mod smpp_only;
mod turkcell_only;
mod whatsapp_only;

/// One test for each promise, under the connector's name.
macro_rules! contract {
    ($($name:ident: $case:expr;)*) => {$(
        mod $name {
            use crate::{cases, configuration, doubt, inbound, messages, receipts, refusals};

            macro_rules! promise {
                ($promise:ident in $module:ident) => {
                    #[tokio::test]
                    async fn $promise() {
                        $module::$promise(&$case).await;
                    }
                };
            }

            promise!(an_empty_form_names_every_required_field in configuration);
            promise!(a_wrong_field_is_named_in_both_languages in configuration);
            promise!(no_credential_is_shown_or_stored in configuration);
            promise!(the_self_test_passes_and_fails_with_the_credentials in configuration);
            promise!(balance_and_senders_are_told_as_declared in configuration);
            promise!(one_message_arrives_as_it_was_written in messages);
            promise!(everyone_gets_their_own_text in messages);
            promise!(the_same_batch_has_the_same_bytes in messages);
            promise!(a_batch_too_long_or_a_bad_sender_is_never_sent in messages);
            promise!(texts_are_counted_as_the_provider_bills_them in messages);
            promise!(the_legal_ground_reaches_the_provider in messages);
            promise!(a_refused_person_costs_nobody_else in refusals);
            promise!(whole_refusals_have_their_class_and_words in refusals);
            promise!(wrong_credentials_stop_the_account in refusals);
            promise!(a_limit_means_not_sent_and_its_wait_is_kept in refusals);
            promise!(a_closed_port_means_not_sent in refusals);
            promise!(a_break_after_the_hand_over_is_never_guessed in doubt);
            promise!(an_answer_cut_short_is_never_guessed in doubt);
            promise!(doubt_is_resolved_as_declared in doubt);
            promise!(receipts_come_by_push in receipts);
            promise!(receipts_come_by_pull in receipts);
            promise!(every_status_has_its_state_and_keeps_its_code in receipts);
            promise!(what_cannot_be_read_is_said_to_be_unreadable in receipts);
            promise!(replies_come_as_declared in inbound);
        }
    )*};
}

contract! {
    brevo: cases::BREVO;
    figensoft: cases::FIGENSOFT;
    http: cases::HTTP;
    infobip: cases::INFOBIP;
    iletimerkezi: cases::ILETIMERKEZI;
    jetsms: cases::JETSMS;
    mobildev: cases::MOBILDEV;
    netgsm: cases::NETGSM;
    smpp: cases::SMPP;
    smpp_tls: cases::SMPP_TLS;
    smtp: cases::SMTP;
    turatel: cases::TURATEL;
    turkcell: cases::TURKCELL;
    twilio: cases::TWILIO;
    verimor: cases::VERIMOR;
    whatsapp: cases::WHATSAPP;
}
