import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import type { ContactDevice } from "../api/model";
import classes from "./contact.module.css";

/** Devices that stand there before somebody asks for all. */
const FIRST = 3;
/** Letters of a token at each end; whoever compares needs no more. */
const END = 8;

/** A person's devices: what they run, and how their tokens begin and end. */
export function Devices({ devices }: { devices: ContactDevice[] }) {
  const { t } = useTranslation();
  const [isOpen, open] = useDisclosure();
  const shown = isOpen ? devices : devices.slice(0, FIRST);
  const others = devices.length - FIRST;
  return (
    <>
      <ul className={classes.devices}>
        {shown.map(({ platform, token }) => (
          <li key={token}>
            {platform === "ios" ? "iOS" : platform === "android" ? "Android" : t("contacts.detail.other_device")}{" "}
            <code className="quiet" title={token}>
              {shortened(token)}
            </code>
          </li>
        ))}
      </ul>
      {others > 0 && (
        <Button variant="subtle" size="compact-sm" onClick={open.toggle} aria-expanded={isOpen}>
          {isOpen ? t("contacts.detail.fewer_devices") : t("contacts.detail.more_devices", { count: others })}
        </Button>
      )}
    </>
  );
}

/** A token by its ends. */
export function shortened(token: string): string {
  return token.length <= 2 * END + 1 ? token : `${token.slice(0, END)}…${token.slice(-END)}`;
}
