import { Button, Checkbox, Group, Select, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Upload } from "../api/model";
import { useBrands } from "../app/brands";
import { useMay } from "../app/permissions";
import { Problem } from "../app/states";
import { rulesOf, takesAnswers } from "./answers";
import { useAnswer } from "./use-answer";

/** Says how people and national numbers of the file are to be taken, where more than one way is right. */
export function ReadingRules({ upload }: { upload: Upload }) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const brands = useBrands();
  const isAsked = upload.summary.codes.some(({ code }) => code === "R804");
  const [isOpen, open] = useDisclosure(isAsked);
  const now = rulesOf(upload);
  const [chosen, setChosen] = useState<Partial<typeof now>>({});
  const send = useAnswer(upload);
  if (upload.purpose !== "contacts" || !takesAnswers(upload) || !may("upload_files")) return null;
  const wanted = { ...now, ...chosen };
  const countries = brands.data?.find(({ id }) => id === upload.brand_id)?.countries ?? [];
  const names = new Intl.DisplayNames([i18n.language], { type: "region" });
  const save = () => send.mutate({ mapping: wanted }, { onSuccess: () => setChosen({}) });
  const isChanged = wanted.update_people !== now.update_people || wanted.default_country !== now.default_country;

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
          <Group>
            <Button onClick={save} loading={send.isPending} disabled={!isChanged}>
              {t("uploads.rules.save")}
            </Button>
          </Group>
        </Stack>
      )}
      {send.error && <Problem error={send.error} />}
    </div>
  );
}
