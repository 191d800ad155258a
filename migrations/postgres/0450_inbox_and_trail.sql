-- Failed deliveries and complaints of a firm, the newest first.
CREATE INDEX bounce_list ON bounce (firm_id, bounced_us, recipient_id, campaign_id);
CREATE INDEX blacklist_complaints ON blacklist (firm_id, complaint_us, recipient_id, channel) WHERE complaint_us IS NOT NULL;

-- The audit trail by who, what, to what and when.
CREATE INDEX audit_actor ON audit (firm_id, actor, number);
CREATE INDEX audit_action ON audit (firm_id, action, number);
CREATE INDEX audit_subject ON audit (firm_id, subject, number);
CREATE INDEX audit_time ON audit (firm_id, at_us, number);
