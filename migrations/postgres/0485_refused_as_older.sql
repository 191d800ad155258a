-- Records that İYS refused as no newer than its own (I178) belong to the list of refusals after İYS
-- was looked up, too: what stands there then is İYS's, and people ask why it is not theirs.
DROP INDEX consent_state_refused;
CREATE INDEX consent_state_refused ON consent_state (brand_id, verdict_code, recipient_id, channel, kind, verdict) WHERE verdict_code IS NOT NULL;
