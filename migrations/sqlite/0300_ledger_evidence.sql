-- The beginnings of a block's leaves: they let a verifier name the one event
-- that was changed. Apart from the block, because the chain is followed often
-- and they are read only after a fault.
CREATE TABLE ledger_print (
    brand_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    prints BLOB NOT NULL,
    PRIMARY KEY (brand_id, number)
) STRICT;

-- How far a brand's chain was found right.
CREATE TABLE ledger_checkpoint (
    brand_id INTEGER NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    verified_us INTEGER NOT NULL
) STRICT;

-- The block of an event, for proofs.
CREATE INDEX ledger_block_range ON ledger_block (brand_id, first_event_id);
