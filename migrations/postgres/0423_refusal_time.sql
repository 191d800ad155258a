-- Refusals by the time they came in: which message people left after. Consents,
-- most of the ledger, are not in it.
CREATE INDEX consent_event_refusals ON consent_event (brand_id, recorded_us, recipient_id) WHERE status = 2;
