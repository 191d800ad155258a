-- The operator's own code, verbatim, where the provider passes it on.
ALTER TABLE receipt ADD COLUMN operator_code TEXT;
