import { ActionIcon, Group, Select, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconX } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Basis, Connector } from "../api/model";
import { StateBadge } from "../app/state-badge";
import { CONNECTOR_TONE } from "../connectors/queries";
import { useFormats } from "../locale/format";
import { PriceInput } from "./price-input";
import {
  BASES,
  MICROS,
  moved,
  orderOf,
  PRICE_MAX,
  ROUTES_MAX,
  type RouteOrder,
  type RoutePrices,
  withOrder,
  withPrice,
} from "./route-rules";

const FIELDSET = { border: 0, margin: 0, padding: 0, minWidth: 0 } as const;

interface OrdersProps {
  orders: RouteOrder[];
  accounts: Connector[];
  onChange: (orders: RouteOrder[]) => void;
  error?: string;
  isReadOnly: boolean;
}

/** In which order campaigns take the firm's accounts, for each legal ground. */
export function RouteOrders({ orders, accounts, onChange, error, isReadOnly }: OrdersProps) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" component="fieldset" style={FIELDSET} data-route-orders>
      <Text component="legend" fw={550} size="sm">
        {t("admin.rules.orders")}
      </Text>
      <Text size="sm" className="quiet">
        {t("admin.rules.orders_hint", { count: ROUTES_MAX })}
      </Text>
      {BASES.map((basis) => (
        <Order
          key={basis}
          basis={basis}
          order={orderOf(orders, basis)}
          accounts={accounts}
          onChange={(connectors) => onChange(withOrder(orders, basis, connectors))}
          isReadOnly={isReadOnly}
        />
      ))}
      {error && (
        <Text size="sm" c="var(--tone-bad)" role="alert">
          {error}
        </Text>
      )}
    </Stack>
  );
}

interface OrderProps {
  basis: Basis;
  order: string[];
  accounts: Connector[];
  onChange: (order: string[]) => void;
  isReadOnly: boolean;
}

function Order({ basis, order, accounts, onChange, isReadOnly }: OrderProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const label = t("admin.rules.order_of", { basis: t(`common.basis.${basis}`) });
  const nameOf = (id: string) => accounts.find((account) => account.id === id)?.name ?? id;
  const others = accounts.filter(({ id }) => !order.includes(id));
  /** Gives the focus to the first of these that takes it, once the list is drawn anew. */
  const focusOn = (...selectors: string[]) =>
    requestAnimationFrame(() => {
      const found = selectors.map((selector) => box.current?.querySelector<HTMLElement>(selector));
      found.find((element) => element && !element.matches(":disabled"))?.focus();
    });
  // What was moved keeps the focus wherever it stands now; at an end its other button has it.
  const move = (place: number, by: -1 | 1) => {
    const item = `[data-account="${order[place]}"]`;
    const [first, second] = by < 0 ? ["up", "down"] : ["down", "up"];
    onChange(moved(order, place, by));
    focusOn(`${item} [data-move=${first}]`, `${item} [data-move=${second}]`);
  };
  const takeOut = (id: string) => {
    onChange(order.filter((other) => other !== id));
    focusOn("input");
  };
  return (
    <Stack gap={6} data-order={basis} ref={box}>
      <Text size="sm" fw={550}>
        {label}
      </Text>
      {order.length === 0 && <Text size="sm">{t("admin.rules.no_order")}</Text>}
      {order.length > 0 && (
        <ol
          aria-label={label}
          style={{ margin: 0, paddingInlineStart: "1.5rem", fontSize: "var(--mantine-font-size-sm)" }}
        >
          {order.map((id, place) => {
            const name = nameOf(id);
            return (
              <li key={id} data-account={id}>
                <Group gap={4} wrap="nowrap" mb={4}>
                  <span style={{ flex: "0 1 18rem", minWidth: 0, overflowWrap: "anywhere" }}>
                    {name} <NotWorking account={accounts.find((account) => account.id === id)} />
                  </span>
                  {!isReadOnly && (
                    <>
                      <ActionIcon
                        variant="default"
                        data-move="up"
                        aria-label={t("admin.rules.up", { name })}
                        disabled={place === 0}
                        onClick={() => move(place, -1)}
                      >
                        <IconArrowUp size={16} aria-hidden />
                      </ActionIcon>
                      <ActionIcon
                        variant="default"
                        data-move="down"
                        aria-label={t("admin.rules.down", { name })}
                        disabled={place === order.length - 1}
                        onClick={() => move(place, 1)}
                      >
                        <IconArrowDown size={16} aria-hidden />
                      </ActionIcon>
                      <ActionIcon
                        variant="default"
                        aria-label={t("admin.rules.out_of_order", { name })}
                        onClick={() => takeOut(id)}
                      >
                        <IconX size={16} aria-hidden />
                      </ActionIcon>
                    </>
                  )}
                </Group>
              </li>
            );
          })}
        </ol>
      )}
      {!isReadOnly && (
        <Select
          aria-label={t("admin.rules.add_to", { basis: t(`common.basis.${basis}`) })}
          placeholder={t(others.length > 0 ? "admin.rules.add_account" : "admin.rules.all_named")}
          data={others.map(({ id, name }) => ({ value: id, label: name }))}
          value={null}
          onChange={(id) => id && onChange([...order, id])}
          maw={320}
        />
      )}
    </Stack>
  );
}

/** Says that nothing leaves over an account now. */
function NotWorking({ account }: { account: Connector | undefined }) {
  const { t } = useTranslation();
  if (!account || account.state === "active") return null;
  return <StateBadge tone={CONNECTOR_TONE[account.state]} label={t(`connectors.states.${account.state}`)} />;
}

interface PricesProps {
  prices: RoutePrices;
  /** The brand's own price, which counts where an account has none; millionths of a lira. */
  usual: number | null | undefined;
  accounts: Connector[];
  onChange: (prices: RoutePrices) => void;
  error?: string;
  isReadOnly: boolean;
}

/** What a part costs over each account, where that is not the brand's price. */
export function RoutePriceFields({ prices, usual, accounts, onChange, error, isReadOnly }: PricesProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const placeholder =
    usual == null ? t("admin.rules.no_price") : t("admin.rules.usual_price", { price: formats.number(usual / MICROS) });
  return (
    <Stack gap="xs" component="fieldset" style={FIELDSET} data-route-prices>
      <Text component="legend" fw={550} size="sm">
        {t("admin.rules.prices")}
      </Text>
      <Text size="sm" className="quiet">
        {t("admin.rules.prices_hint", { max: formats.number(PRICE_MAX) })}
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        {accounts.map(({ id, name }) => (
          <PriceInput
            key={id}
            label={t("admin.rules.price_over", { name })}
            placeholder={placeholder}
            micros={prices[id]}
            onChange={(micros) => onChange(withPrice(prices, id, micros))}
            isReadOnly={isReadOnly}
          />
        ))}
      </SimpleGrid>
      {error && (
        <Text size="sm" c="var(--tone-bad)" role="alert">
          {error}
        </Text>
      )}
    </Stack>
  );
}
