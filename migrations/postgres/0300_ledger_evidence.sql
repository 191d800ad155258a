-- The beginnings of a block's leaves: they let a verifier name the one event
-- that was changed. Apart from the block, because the chain is followed often
-- and they are read only after a fault.
CREATE TABLE ledger_print (
    brand_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    prints BYTEA NOT NULL,
    PRIMARY KEY (brand_id, number)
);

-- How far a brand's chain was found right.
CREATE TABLE ledger_checkpoint (
    brand_id BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    verified_us BIGINT NOT NULL
);

-- The block of an event, for proofs.
CREATE INDEX ledger_block_range ON ledger_block (brand_id, first_event_id);
