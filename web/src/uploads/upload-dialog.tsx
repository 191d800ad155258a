import {
  Autocomplete,
  Button,
  Group,
  Modal,
  Progress,
  Radio,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import { useForm } from "@mantine/form";
import { useMediaQuery } from "@mantine/hooks";
import { IconFileSpreadsheet, IconUpload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { newIntentionKey } from "../api/client";
import type { RecipientKind, Upload, UploadAction } from "../api/model";
import { ApiError } from "../api/problem";
import { type Sending, sendForm } from "../api/send-file";
import { useBrands } from "../app/brands";
import { queries } from "../app/queries";
import { Problem } from "../app/states";
import { currentLanguage } from "../locale";
import { useFormats } from "../locale/format";
import { rememberUpload } from "./follow";
import { useKnownTags } from "./known-tags";

const ACTIONS: UploadAction[] = ["push", "pull", "local"];
const NAME_MAX = 50;

interface Values {
  file: File | null;
  brand_id: string;
  name: string;
  tag: string;
  action: UploadAction;
  kind: RecipientKind | "";
}

/** Asks for a file and what to do with it, and sends it; judging starts by itself. */
export default function UploadDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const navigate = useNavigate();
  const isNarrow = useMediaQuery("(max-width: 36em)");
  const brands = useBrands();
  const tags = useKnownTags();
  const [sentShare, setSentShare] = useState(0);
  const sending = useRef<Sending<Upload>>(undefined);
  const intention = useRef(newIntentionKey());

  const form = useForm<Values>({
    initialValues: { file: null, brand_id: "", name: "", tag: "", action: "push", kind: "BIREYSEL" },
    // Other content is another intention.
    onValuesChange: () => {
      intention.current = newIntentionKey();
    },
    validate: {
      file: (file) => (file ? null : t("uploads.dialog.need_file")),
      brand_id: (brand) => (brand || onlyBrand ? null : t("uploads.dialog.need_brand")),
      name: (name) => {
        if (name.trim() === "") return t("uploads.dialog.need_name");
        return name.trim().length > NAME_MAX ? t("uploads.dialog.long_name") : null;
      },
    },
  });
  const onlyBrand = brands.data?.length === 1 ? brands.data[0]?.id : undefined;

  const send = useMutation({
    mutationFn: (values: Values) => {
      setSentShare(0);
      const form = formOf({ ...values, brand_id: values.brand_id || onlyBrand || "" });
      sending.current = sendForm<Upload>("/api/v1/uploads", form, intention.current, setSentShare);
      return sending.current.answer;
    },
    onSuccess: (upload) => {
      rememberUpload(upload);
      void queries.invalidateQueries({ queryKey: ["uploads"] });
      void navigate({ to: "/uploads/$id", params: { id: upload.id } });
    },
    onError: (error) => {
      if (error instanceof ApiError) form.setErrors(error.fields(currentLanguage()));
    },
  });
  const close = () => {
    sending.current?.abort();
    onClose();
  };
  const choose = (files: File[]) => {
    const file = files[0];
    if (!file) return;
    form.setFieldValue("file", file);
    if (form.values.name === "") form.setFieldValue("name", file.name.replace(/\.[^.]+$/, "").slice(0, NAME_MAX));
  };
  const { file } = form.values;

  return (
    <Modal
      opened
      onClose={close}
      title={t("uploads.dialog.title")}
      size="lg"
      fullScreen={isNarrow}
      closeButtonProps={{ "aria-label": t("common.action.close") }}
    >
      <form onSubmit={form.onSubmit((values) => send.mutate(values))} noValidate>
        <Stack gap="md">
          <div>
            <Dropzone
              onDrop={choose}
              multiple={false}
              disabled={send.isPending}
              p="lg"
              data-error={form.errors.file ? true : undefined}
              inputProps={{ "aria-label": t("uploads.dialog.file") }}
            >
              <Stack align="center" gap={6} ta="center" style={{ pointerEvents: "none" }}>
                {file ? <IconFileSpreadsheet size={36} stroke={1.4} /> : <IconUpload size={36} stroke={1.4} />}
                <Text fw={600} style={{ overflowWrap: "anywhere" }}>
                  {file ? file.name : t("uploads.dialog.drop")}
                </Text>
                <Text size="sm" className="quiet" maw={440}>
                  {file
                    ? `${formats.bytes(file.size)} · ${t("uploads.dialog.change_file")}`
                    : t("uploads.dialog.drop_hint")}
                </Text>
              </Stack>
            </Dropzone>
            {form.errors.file && (
              <Text size="sm" c="red" mt={4} role="alert">
                {form.errors.file}
              </Text>
            )}
          </div>
          {(brands.data?.length ?? 0) > 1 && (
            <Select
              label={t("uploads.dialog.brand")}
              data={brands.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []}
              allowDeselect={false}
              withAsterisk
              {...form.getInputProps("brand_id")}
            />
          )}
          {brands.data?.length === 0 && <Text c="red">{t("uploads.dialog.no_brand")}</Text>}
          <TextInput
            label={t("uploads.dialog.name")}
            description={t("uploads.dialog.name_hint")}
            withAsterisk
            {...form.getInputProps("name")}
          />
          <Radio.Group label={t("uploads.dialog.action")} withAsterisk {...form.getInputProps("action")}>
            <Stack gap="sm" mt="xs">
              {ACTIONS.map((action) => (
                <Radio
                  key={action}
                  value={action}
                  label={t(`uploads.action.${action}`)}
                  description={t(`uploads.action_explain.${action}`)}
                />
              ))}
            </Stack>
          </Radio.Group>
          <SimpleGrid cols={{ base: 1, xs: 2 }} style={{ alignItems: "end" }}>
            <Select
              label={t("uploads.dialog.kind")}
              description={t("uploads.dialog.kind_hint")}
              allowDeselect={false}
              data={[
                { value: "BIREYSEL", label: t("common.kind.BIREYSEL") },
                { value: "TACIR", label: t("common.kind.TACIR") },
                { value: "", label: t("uploads.dialog.kind_from_file") },
              ]}
              {...form.getInputProps("kind")}
            />
            <Autocomplete
              label={t("uploads.dialog.tag")}
              description={t("uploads.dialog.tag_hint")}
              data={tags}
              maxLength={NAME_MAX}
              {...form.getInputProps("tag")}
            />
          </SimpleGrid>
          {send.isPending && (
            <div>
              <Text size="sm" mb={4}>
                {t("uploads.dialog.sending", { percent: formats.percent(sentShare) })}
              </Text>
              <Progress value={sentShare * 100} aria-label={t("uploads.dialog.sending", { percent: "" })} />
            </div>
          )}
          {send.error && <Problem error={send.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t("common.action.cancel")}
            </Button>
            <Button type="submit" loading={send.isPending} disabled={brands.data?.length === 0}>
              {t("uploads.dialog.submit")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** The multipart body; `meta` stands first, so that the server knows what to do before the bytes come. */
function formOf(values: Values): FormData {
  const form = new FormData();
  const meta = {
    brand_id: values.brand_id,
    name: values.name.trim(),
    tag: values.tag.trim() || undefined,
    action: values.action,
    default_recipient_kind: values.kind || undefined,
  };
  form.append("meta", JSON.stringify(meta));
  if (values.file) form.append("file", values.file);
  return form;
}
