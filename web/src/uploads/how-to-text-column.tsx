import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "./how-to-text-column.module.css";

const ROWS = [
  ["5,32123E+09", "0532 123 45 67"],
  ["5,33765E+09", "0533 765 43 21"],
] as const;

/** How a column of phones is kept from being turned into numbers: what went wrong in a spreadsheet, and how it should look. */
export function HowToTextColumn() {
  const { t } = useTranslation();
  return (
    <figure className={classes.figure} data-how-to="text-column">
      <div className={classes.sheets} role="img" aria-label={t("uploads.how_to.picture")}>
        <Sheet isRight={false} format={t("uploads.how_to.number")} cells={ROWS.map(([wrong]) => wrong)} />
        <span className={classes.arrow} aria-hidden>
          →
        </span>
        <Sheet isRight format={t("uploads.how_to.text")} cells={ROWS.map(([, right]) => right)} />
      </div>
      <figcaption>
        <Text fw={600} mb={4}>
          {t("uploads.how_to.title")}
        </Text>
        <ol className={classes.steps}>
          <li>{t("uploads.how_to.source")}</li>
          <li>{t("uploads.how_to.format")}</li>
          <li>{t("uploads.how_to.paste")}</li>
          <li>{t("uploads.how_to.save")}</li>
        </ol>
      </figcaption>
    </figure>
  );
}

interface SheetProps {
  isRight: boolean;
  /** What the spreadsheet takes the column for. */
  format: string;
  cells: string[];
}

/** A spreadsheet in small: the chosen format, a column letter and its first cells. */
function Sheet({ isRight, format, cells }: SheetProps) {
  return (
    <div className={classes.sheet} data-right={isRight} aria-hidden>
      <span className={classes.format}>{format} ▾</span>
      <span className={classes.head} />
      <span className={classes.head}>C</span>
      {["Telefon", ...cells].map((cell, place) => (
        <div key={cell} className={classes.row}>
          <span className={classes.head}>{place + 1}</span>
          <span className={place === 0 ? classes.title : classes.cell}>{cell}</span>
        </div>
      ))}
    </div>
  );
}
