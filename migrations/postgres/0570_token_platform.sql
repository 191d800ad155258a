-- What a device token belongs to: 1 iOS, 2 Android. Tokens kept before have none
-- until a file names them again; until then their shape tells it.
ALTER TABLE contact_token ADD COLUMN platform BIGINT CHECK (platform IN (1, 2));
