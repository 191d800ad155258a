-- Numbers that WhatsApp could not reach for weeks: 1. Only WhatsApp passes them over.
ALTER TABLE recipient ADD COLUMN off_whatsapp INTEGER NOT NULL DEFAULT 0 CHECK (off_whatsapp IN (0, 1));
CREATE INDEX recipient_off_whatsapp ON recipient (id) WHERE off_whatsapp = 1;
