import { Button, Checkbox, Group, Select, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RecipientKind, Upload } from "../api/model";
import { useBrands } from "../app/brands";
import { useMay } from "../app/permissions";
import { Problem } from "../app/states";
import { rulesOf, takesAnswers } from "./answers";
import { useAnswer } from "./use-answer";

const KINDS: RecipientKind[] = ["BIREYSEL", "TACIR"];

/** Says how people and national numbers of the file are to be taken, where more than one way is right. */
export function ReadingRules({ upload }: { upload: Upload }) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const brands = useBrands();
  const isAsked = upload.summary.codes.some(({ code }) => code === "R804");
  const [isOpen, open] = useDisclosure(isAsked);
  const now = rulesOf(upload);
  const [chosen, setChosen] = useState<Partial<typeof now>>({});
  const [kind, setKind] = useState<RecipientKind>();
  const send = useAnswer(upload);
  if (upload.purpose !== "contacts" || !takesAnswers(upload) || !may("upload_files")) return null;
  const wanted = { ...now, ...chosen };
  const countries = brands.data?.find(({ id }) => id === upload.brand_id)?.countries ?? [];
  const names = new Intl.DisplayNames([i18n.language], { type: "region" });
  const isMapped = wanted.update_people !== now.update_people || wanted.default_country !== now.default_country;
  const isOtherKind = kind !== undefined && kind !== upload.default_recipient_kind;
  const save = () =>
    send.mutate(
      { ...(isMapped && { mapping: wanted }), ...(isOtherKind && { default_recipient_kind: kind }) },
      {
        onSuccess: () => {
          setChosen({});
          setKind(undefined);
        },
      },
    );

  return (
    <div>
      <Button variant="subtle" size="compact-sm" onClick={open.toggle} aria-expanded={isOpen}>
        {t("uploads.rules.title")}
      </Button>
      {isOpen && (
        <Stack gap="sm" mt="xs" align="flex-start">
          <Checkbox
            label={t("uploads.rules.update_people")}
            description={t("uploads.rules.update_people_hint")}
            checked={wanted.update_people}
            onChange={({ currentTarget: { checked } }) => setChosen((old) => ({ ...old, update_people: checked }))}
          />
          {countries.length > 1 && (
            <Select
              label={t("uploads.rules.default_country")}
              description={t("uploads.rules.default_country_hint")}
              data={countries.map((value) => ({ value, label: names.of(value) ?? value }))}
              value={wanted.default_country}
              onChange={(picked) => picked && setChosen((old) => ({ ...old, default_country: picked }))}
              allowDeselect={false}
              maw={420}
            />
          )}
          {/* Until somebody says it the file asks itself, where it matters. */}
          {upload.default_recipient_kind && (
            <Select
              label={t("uploads.rules.default_kind")}
              description={t("uploads.rules.default_kind_hint")}
              data={KINDS.map((value) => ({ value, label: t(`common.kind.${value}`) }))}
              value={kind ?? upload.default_recipient_kind}
              onChange={(picked) => setKind(KINDS.find((known) => known === picked))}
              allowDeselect={false}
              maw={420}
            />
          )}
          <Group>
            <Button onClick={save} loading={send.isPending} disabled={!isMapped && !isOtherKind}>
              {t("uploads.rules.save")}
            </Button>
          </Group>
        </Stack>
      )}
      {send.error && <Problem error={send.error} />}
    </div>
  );
}
