import { Modal, Text, TextInput } from "@mantine/core";
import { IconSearch, IconUserSearch } from "@tabler/icons-react";
import { useRouter } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { matches } from "../locale/fold";
import classes from "./palette.module.css";
import { useMay } from "./permissions";
import { DESTINATIONS, type Destination } from "./screens";

interface PaletteProps {
  opened: boolean;
  onClose: () => void;
}

/** Opens any screen by a word for it, whatever letters the keyboard has; Ctrl+K. */
export function Palette({ opened, onClose }: PaletteProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("common.palette.title")}
      closeButtonProps={{ "aria-label": t("common.action.close") }}
      size="lg"
      yOffset="10vh"
    >
      <Finder onClose={onClose} />
    </Modal>
  );
}

function Finder({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const router = useRouter();
  const may = useMay();
  const list = useId();
  const chosen = useRef<HTMLDivElement>(null);
  const [typed, setTyped] = useState("");
  const [place, setPlace] = useState(0);

  const label = ({ item, screen }: Destination) =>
    t(item ? `common.palette.item.${item}` : `common.menu.${screen.name}`);
  const found = DESTINATIONS.filter(({ needs }) => !needs || may(needs))
    .map((destination) => ({
      destination,
      // The words that people use for it count twice.
      score:
        typed.trim() === ""
          ? 1
          : matches(typed, `${label(destination)} ${destination.words}`) + matches(typed, destination.words),
    }))
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score)
    .map(({ destination }) => ({
      key: destination.item ?? destination.screen.name,
      icon: destination.screen.icon,
      text: label(destination),
      open: () => router.history.push(destination.href),
    }));
  const wanted = typed.trim();
  const options =
    wanted === ""
      ? found
      : [
          ...found,
          {
            key: "person",
            icon: IconUserSearch,
            text: t("common.palette.person", { query: wanted }),
            open: () => void router.navigate({ to: "/contacts", search: { query: wanted } }),
          },
        ];
  const at = Math.min(place, options.length - 1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chosen entry is what it follows
  useEffect(() => {
    // Newer browsers answer with a promise, which an effect must not.
    void chosen.current?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const open = (index: number) => {
    onClose();
    options[index]?.open();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setPlace((at + step + options.length) % options.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      open(at);
    }
  };

  return (
    <>
      <TextInput
        role="combobox"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={`${list}-${at}`}
        aria-label={t("common.palette.search")}
        placeholder={t("common.palette.placeholder")}
        leftSection={<IconSearch size={18} aria-hidden />}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setPlace(0);
        }}
        onKeyDown={onKeyDown}
        data-autofocus
      />
      <div id={list} className={classes.options} role="listbox" aria-label={t("common.palette.title")}>
        {options.map(({ key, icon: Icon, text }, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard works from the search box
          <div
            key={key}
            id={`${list}-${index}`}
            ref={index === at ? chosen : undefined}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            className={classes.option}
            onClick={() => open(index)}
            onMouseMove={() => setPlace(index)}
          >
            <Icon size={20} stroke={1.7} aria-hidden />
            <span>{text}</span>
          </div>
        ))}
      </div>
      <Text size="sm" className="quiet" mt="sm" visibleFrom="xs">
        {t("common.palette.keys")}
      </Text>
    </>
  );
}
