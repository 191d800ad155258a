import { Button, Group, Modal, SegmentedControl, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { type QueryKey, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Answer, Brand } from "../api/model";
import { ApiError } from "../api/problem";
import { useAct } from "../app/act";
import { useFocusBack } from "../app/focus-back";
import { Failure, Loading, Problem } from "../app/states";
import { currentLanguage } from "../locale";

type Place = Answer<"/api/v1/registry/{brand_id}/retailer-places", "get">["provinces"][number];

interface NewRetailerProps {
  brand: Brand;
  onClose: () => void;
  /** What the browser must ask for anew once İYS has taken it. */
  refresh: QueryKey;
}

/** Registers a retailer at İYS: a company by its numbers, a tradesman by theirs. */
export function NewRetailer({ brand, onClose, refresh }: NewRetailerProps) {
  const { t } = useTranslation();
  useFocusBack(true);
  const places = useQuery({
    queryKey: ["registry", brand.id, "retailer-places"],
    queryFn: () =>
      answer(api.GET("/api/v1/registry/{brand_id}/retailer-places", { params: { path: { brand_id: brand.id } } })),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("registry.retailers.add")}
      closeButtonProps={{ "aria-label": t("common.action.close") }}
    >
      {places.isPending && <Loading lines={4} />}
      {places.isError && <Failure error={places.error} onRetry={() => places.refetch()} />}
      {places.data && (
        <Form
          brand={brand}
          provinces={places.data.provinces}
          districts={places.data.districts}
          refresh={refresh}
          onClose={onClose}
        />
      )}
    </Modal>
  );
}

interface FormProps extends NewRetailerProps {
  provinces: Place[];
  districts: Place[];
}

const COMPANY = ["mersis", "tin"] as const;
const TRADESMAN = ["name", "tckn"] as const;

function Form({ brand, provinces, districts, refresh, onClose }: FormProps) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<"company" | "tradesman">("company");
  const [values, setValues] = useState<Record<string, string>>({});
  const [city, setCity] = useState<string | null>(null);
  const [town, setTown] = useState<string | null>(null);
  const [tried, setTried] = useState(false);
  const set = (name: string, value: string) => setValues((old) => ({ ...old, [name]: value }));
  const given = (name: string) => values[name]?.trim() || null;
  const fields = kind === "company" ? COMPANY : TRADESMAN;
  const place = (list: Place[], code: string | null) => list.find((one) => one.code === code);
  const save = useAct(
    (wanted: { city: Place; town: Place }) =>
      answer(
        api.POST("/api/v1/registry/{brand_id}/retailers", {
          params: { path: { brand_id: brand.id } },
          body: {
            title: values.title?.trim() ?? "",
            mobile: given("mobile"),
            ...Object.fromEntries(fields.map((name) => [name, given(name)])),
            ...wanted,
          },
        }),
      ),
    {
      done: ({ code }) => t("registry.retailers.added", { code }),
      refresh: [refresh],
      showsError: true,
      onDone: onClose,
    },
  );
  const faults = save.error instanceof ApiError ? save.error.fields(currentLanguage()) : {};
  const missing = (value: string | null | undefined) => tried && !value?.trim() && t("common.required");
  const options = (list: Place[]) => list.map(({ code, name }) => ({ value: code, label: name }));
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        const [chosenCity, chosenTown] = [place(provinces, city), place(districts, town)];
        const isWhole = given("title") && fields.every((name) => name === "tin" || name === "mersis" || given(name));
        const hasNumber = kind === "tradesman" || given("mersis") || given("tin");
        if (chosenCity && chosenTown && isWhole && hasNumber) save.mutate({ city: chosenCity, town: chosenTown });
      }}
    >
      <Stack gap="md">
        <SegmentedControl
          aria-label={t("registry.retailers.kind")}
          data={[
            { value: "company", label: t("registry.retailers.company") },
            { value: "tradesman", label: t("registry.retailers.tradesman") },
          ]}
          value={kind}
          onChange={(value) => setKind(value === "tradesman" ? "tradesman" : "company")}
        />
        <TextInput
          label={t("registry.retailers.title")}
          value={values.title ?? ""}
          onChange={(event) => set("title", event.currentTarget.value)}
          error={faults.title ?? missing(values.title)}
          maxLength={200}
          withAsterisk
          data-autofocus
        />
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          {fields.map((name) => (
            <TextInput
              key={name}
              label={t(`registry.retailers.${name}`)}
              value={values[name] ?? ""}
              onChange={(event) => set(name, event.currentTarget.value)}
              error={faults[name] ?? (kind === "tradesman" && missing(values[name]))}
              inputMode={name === "name" ? undefined : "numeric"}
              maxLength={name === "name" ? 100 : 16}
              withAsterisk={kind === "tradesman"}
            />
          ))}
        </SimpleGrid>
        <Text size="sm" className="quiet">
          {t(kind === "company" ? "registry.retailers.company_hint" : "registry.retailers.tradesman_hint")}
        </Text>
        {tried && kind === "company" && !given("mersis") && !given("tin") && (
          <Text size="sm" c="var(--tone-bad)" role="alert">
            {t("registry.retailers.need_number")}
          </Text>
        )}
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <Select
            label={t("registry.retailers.city")}
            data={options(provinces)}
            value={city}
            onChange={setCity}
            error={faults.city ?? missing(city)}
            searchable
            withAsterisk
          />
          <Select
            label={t("registry.retailers.town")}
            data={options(districts)}
            value={town}
            onChange={setTown}
            error={faults.town ?? missing(town)}
            searchable
            limit={200}
            withAsterisk
          />
        </SimpleGrid>
        <TextInput
          label={t("registry.retailers.mobile")}
          value={values.mobile ?? ""}
          onChange={(event) => set("mobile", event.currentTarget.value)}
          error={faults.mobile}
          type="tel"
          maxLength={20}
        />
        {save.error && <Problem error={save.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("common.action.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t("registry.retailers.register")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
