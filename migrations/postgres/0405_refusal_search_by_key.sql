-- The search walks the key that every state has; an index of its own costs each
-- answer of İYS a write.
DROP INDEX consent_state_unconfirmed;
