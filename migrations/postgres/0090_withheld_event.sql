-- Events that İYS is not told of until a person has looked: refusals from a
-- file that also held a consent for the same key (R802).
CREATE TABLE withheld_event (
    brand_id BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (brand_id, event_id)
);
