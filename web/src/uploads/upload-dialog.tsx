import {
  Autocomplete,
  Button,
  Checkbox,
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
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, newIntentionKey } from "../api/client";
import type { Channel, RecipientKind, Upload, UploadAction, UploadPurpose } from "../api/model";
import { ApiError } from "../api/problem";
import { type Sending, sendForm } from "../api/send-file";
import { useBrands } from "../app/brands";
import { useFocusBack } from "../app/focus-back";
import { type Permission, useMay } from "../app/permissions";
import { queries } from "../app/queries";
import { Problem } from "../app/states";
import { currentLanguage } from "../locale";
import { useFormats } from "../locale/format";
import { rememberUpload } from "./follow";
import { useKnownTags } from "./known-tags";

const ACTIONS: UploadAction[] = ["push", "pull", "local"];
const NAME_MAX = 50;

/** What a file may be for, and who may bring it. */
const PURPOSES: [UploadPurpose, Permission][] = [
  ["contacts", "upload_files"],
  ["list", "manage_tags"],
  ["tag_add", "manage_tags"],
  ["tag_remove", "manage_tags"],
  ["blacklist", "manage_blacklist"],
  ["whitelist", "manage_blacklist"],
  ["promotion", "manage_campaigns"],
];
const CHANNELS: Channel[] = ["MESAJ", "ARAMA", "EPOSTA", "WHATSAPP"];

interface Values {
  file: File | null;
  brand_id: string;
  name: string;
  tag: string;
  expires_on: string;
  purpose: UploadPurpose;
  stop_channel: Channel | "";
  spares_mandatory: boolean;
  action: UploadAction;
  kind: RecipientKind | "";
}

/** Asks for a file and what to do with it, and sends it; judging starts by itself. */
export default function UploadDialog({
  again,
  purpose: begun = "contacts",
  onClose,
}: {
  again?: string;
  /** What the file is for, until somebody says otherwise. */
  purpose?: UploadPurpose;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  useFocusBack(true);
  const may = useMay();
  const formats = useFormats();
  const navigate = useNavigate();
  const isNarrow = useMediaQuery("(max-width: 36em)");
  const brands = useBrands();
  const tags = useKnownTags();
  const [sentShare, setSentShare] = useState(0);
  const sending = useRef<Sending<Upload>>(undefined);
  const intention = useRef(newIntentionKey());

  const form = useForm<Values>({
    initialValues: {
      file: null,
      brand_id: "",
      name: "",
      tag: "",
      expires_on: "",
      purpose: begun,
      stop_channel: "",
      spares_mandatory: false,
      action: "push",
      kind: "",
    },
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
      tag: (tag, { purpose }) => (needsTag(purpose) && tag.trim() === "" ? t("uploads.dialog.need_tag") : null),
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
  const earlier = useQuery({
    queryKey: ["upload", again],
    queryFn: () => answer(api.GET("/api/v1/uploads/{id}", { params: { path: { id: again ?? "" } } })),
    enabled: again !== undefined,
  }).data;
  const { setValues } = form;
  useEffect(() => {
    if (earlier) setValues(valuesOf(earlier));
  }, [earlier, setValues]);
  const { file, purpose } = form.values;
  const purposes = PURPOSES.filter(([, permission]) => may(permission)).map(([value]) => ({
    value,
    label: t(`uploads.purpose.${value}`),
  }));

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
              // The button opens it; inside a button nothing else may take the focus.
              inputProps={{ "aria-label": t("uploads.dialog.file"), style: { display: "none" } }}
              role="button"
              aria-label={file ? `${file.name}. ${t("uploads.dialog.change_file")}` : t("uploads.dialog.drop")}
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
          <Select
            label={t("uploads.dialog.purpose")}
            description={t(`uploads.purpose_explain.${purpose}`)}
            data={purposes}
            allowDeselect={false}
            {...form.getInputProps("purpose")}
          />
          {purpose === "contacts" && (
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
          )}
          <SimpleGrid cols={{ base: 1, xs: 2 }} style={{ alignItems: "end" }}>
            {purpose === "contacts" && (
              <Select
                label={t("uploads.dialog.kind")}
                description={t("uploads.dialog.kind_hint")}
                allowDeselect={false}
                data={[
                  { value: "", label: t("uploads.dialog.kind_from_file") },
                  { value: "BIREYSEL", label: t("common.kind.BIREYSEL") },
                  { value: "TACIR", label: t("common.kind.TACIR") },
                ]}
                {...form.getInputProps("kind")}
              />
            )}
            {isAboutStops(purpose) ? (
              <Select
                label={t("uploads.dialog.stop_channel")}
                allowDeselect={false}
                data={[
                  { value: "", label: t("uploads.dialog.all_channels") },
                  ...CHANNELS.map((channel) => ({ value: channel, label: t(`common.channel.${channel}`) })),
                ]}
                {...form.getInputProps("stop_channel")}
              />
            ) : (
              <Autocomplete
                label={t(nameOf(purpose))}
                description={purpose === "contacts" ? t("uploads.dialog.tag_hint") : undefined}
                withAsterisk={needsTag(purpose)}
                data={purpose === "list" || purpose === "promotion" ? [] : tags}
                maxLength={NAME_MAX}
                {...form.getInputProps("tag")}
              />
            )}
            {purpose === "promotion" && (
              <TextInput
                type="date"
                label={t("uploads.dialog.expires_on")}
                withAsterisk
                {...form.getInputProps("expires_on")}
              />
            )}
          </SimpleGrid>
          {purpose === "blacklist" && (
            <Checkbox
              label={t("uploads.dialog.spares_mandatory")}
              description={t("uploads.dialog.spares_mandatory_hint")}
              {...form.getInputProps("spares_mandatory", { type: "checkbox" })}
            />
          )}
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
  const { purpose } = values;
  const isContacts = purpose === "contacts";
  const meta = {
    brand_id: values.brand_id,
    name: values.name.trim(),
    expires_on: purpose === "promotion" ? values.expires_on || undefined : undefined,
    tag: isAboutStops(purpose) ? undefined : values.tag.trim() || undefined,
    purpose,
    stop_channel: isAboutStops(purpose) ? values.stop_channel || undefined : undefined,
    spares_mandatory: purpose === "blacklist" ? values.spares_mandatory : undefined,
    action: isContacts ? values.action : "local",
    default_recipient_kind: (isContacts && values.kind) || undefined,
  };
  form.append("meta", JSON.stringify(meta));
  if (values.file) form.append("file", values.file);
  return form;
}

/** Files that stop people or let them go again. */
function isAboutStops(purpose: UploadPurpose): boolean {
  return purpose === "blacklist" || purpose === "whitelist";
}

/** Files that are for one tag, list or promotion by its name. */
function needsTag(purpose: UploadPurpose): boolean {
  return purpose === "list" || purpose === "tag_add" || purpose === "tag_remove" || purpose === "promotion";
}

/** What the name stands for that such a file asks for. */
function nameOf(purpose: UploadPurpose) {
  if (purpose === "list") return "uploads.dialog.list";
  return purpose === "promotion" ? "uploads.dialog.promotion" : "uploads.dialog.tag";
}

/** The form filled in as it was for an earlier file, but for the file itself. */
function valuesOf(earlier: Upload): Omit<Values, "file"> {
  return {
    brand_id: earlier.brand_id,
    name: earlier.name,
    tag: earlier.tag ?? "",
    expires_on: earlier.expires_on ?? "",
    purpose: earlier.purpose,
    stop_channel: earlier.stop_channel ?? "",
    spares_mandatory: earlier.spares_mandatory,
    action: earlier.action,
    kind: earlier.default_recipient_kind ?? "",
  };
}
