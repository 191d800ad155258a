import type { Answer, Basis } from "../api/model";

/** What holds for every campaign of a brand. */
export type SendingRules = Answer<"/api/v1/brands/{id}/sending-rules", "get">;
/** Accounts in the order in which campaigns on one ground take them. */
export type RouteOrder = NonNullable<SendingRules["route_orders"]>[number];
/** Prices of a part by account, millionths of a lira. */
export type RoutePrices = NonNullable<SendingRules["route_prices"]>;

/** Legal grounds in the order of the form. */
export const BASES: Basis[] = ["COMMERCIAL", "INFORMATIONAL", "OTP"];
/** Most accounts that a brand's rules name. */
export const ROUTES_MAX = 20;
/** What a part costs at most, in lira. */
export const PRICE_MAX = 1_000;
/** Millionths in one lira. */
export const MICROS = 1_000_000;

/** The accounts of one ground in their order; none where no order was given. */
export function orderOf(orders: RouteOrder[], basis: Basis): string[] {
  return orders.find((order) => order.basis === basis)?.connectors ?? [];
}

/** The same orders with another one for one ground; an empty one is none. */
export function withOrder(orders: RouteOrder[], basis: Basis, connectors: string[]): RouteOrder[] {
  const given = new Map(orders.map((order) => [order.basis, order.connectors]));
  given.set(basis, connectors);
  return BASES.flatMap((one) => {
    const accounts = given.get(one) ?? [];
    return accounts.length > 0 ? [{ basis: one, connectors: accounts }] : [];
  });
}

/** One entry further up (`-1`) or down (`1`); at the ends it stays where it is. */
export function moved<Entry>(entries: Entry[], place: number, by: -1 | 1): Entry[] {
  const to = place + by;
  const [one, other] = [entries[place], entries[to]];
  if (one === undefined || other === undefined) return entries;
  return entries.map((entry, at) => (at === place ? other : at === to ? one : entry));
}

/** The same prices with another one for an account; without one it has the brand's. */
export function withPrice(prices: RoutePrices, account: string, micros: number | undefined): RoutePrices {
  const { [account]: _, ...others } = prices;
  return micros === undefined ? others : { ...others, [account]: micros };
}

/** What a box for money holds, in lira; nothing while it is empty. */
export function liraOf(typed: number | string): number | undefined {
  const lira = typeof typed === "number" ? typed : Number.parseFloat(typed);
  return Number.isNaN(lira) ? undefined : lira;
}
