import { Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { TextLink } from "../app/links";
import { useMay } from "../app/permissions";
import { useAttributeLabel, useAttributes } from "../attributes/attributes";
import { chipsOf, isColumn } from "./variables";

interface ChipsProps {
  body: string;
  onAdd: (variable: string) => void;
}

/** What a text may ask of a person: what every person has, the firm's own attributes, and what the text names besides. */
export function Chips({ body, onAdd }: ChipsProps) {
  const { t } = useTranslation();
  const may = useMay();
  const label = useAttributeLabel();
  const attributes = useAttributes();
  const chips = chipsOf(body, attributes.data ?? []);
  const title = ({ name, attribute }: (typeof chips)[number]) => {
    if (attribute) return attribute.is_health ? `${label(attribute)}: ${t("templates.health")}` : label(attribute);
    return isColumn(name) ? t(`templates.column.${name}`) : t("templates.unknown");
  };
  return (
    <Group gap={6}>
      <Text size="sm" className="quiet">
        {t("templates.insert")}
      </Text>
      {chips.map((chip) => (
        <Button
          key={chip.name}
          size="compact-xs"
          variant="default"
          onClick={() => onAdd(chip.name)}
          title={title(chip)}
          data-known={chip.isKnown}
          style={chip.isKnown ? undefined : { borderStyle: "dashed" }}
        >
          {chip.name}
        </Button>
      ))}
      {may("manage_attributes") && (
        <TextLink to="/attributes" fz="sm">
          {t("templates.more_attributes")}
        </TextLink>
      )}
    </Group>
  );
}
