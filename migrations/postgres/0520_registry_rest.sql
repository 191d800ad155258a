-- What of a brand rests because İYS turned its account down: lists that need it are not claimed.
CREATE TABLE registry_rest (
    brand_id BIGINT NOT NULL,
    -- 1 every call, 2 new consents (a full package), 3 messages, 4 calls, 5 e-mail
    scope BIGINT NOT NULL CHECK (scope BETWEEN 1 AND 5),
    -- Until then nothing is tried; NULL while one try is allowed whose answer decides.
    until_us BIGINT,
    -- How long it rests; doubled with each try in vain.
    pause_us BIGINT NOT NULL,
    began_us BIGINT NOT NULL,
    -- What İYS said.
    reason TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (brand_id, scope)
);
