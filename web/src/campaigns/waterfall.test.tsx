import { MantineProvider } from "@mantine/core";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { render, screen, within } from "@testing-library/react";
import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import { startLocale } from "../locale";
import { counted, sampleReport } from "./sample";
import { reportSteps } from "./steps";
import { Waterfall } from "./waterfall";

beforeAll(() => startLocale());

async function show() {
  await i18next.changeLanguage("tr");
  const report = sampleReport({
    target: 2_000,
    excluded: { total: 1_900, reasons: [counted("S103", 1_900)] },
  });
  const root = createRootRoute({ component: () => <Waterfall steps={reportSteps(report)} campaignId="cmp_1" /> });
  const page = createRoute({ getParentRoute: () => root, path: "/campaigns/$id" });
  const router = createRouter({
    routeTree: root.addChildren([page]),
    history: createMemoryHistory({ initialEntries: ["/campaigns/cmp_1"] }),
  });
  render(
    <MantineProvider>
      {/* The panel registers its own routes; the test needs one. */}
      <RouterProvider router={router as never} />
    </MantineProvider>,
  );
  return screen.findByRole("table", { name: /Hedeften gönderilene/ });
}

test("who_cannot_see_the_bars_reads_the_same_numbers_in_a_table", async () => {
  const table = await show();
  const row = within(table).getByRole("row", { name: /^S103/ });
  expect(within(row).getByRole("rowheader").textContent).toContain("S103 nedeni.");
  expect(within(row).getByRole("rowheader").textContent).toContain("Ne yapmalı: S103 için yapılacak.");
  const cells = within(row).getAllByRole("cell");
  expect(cells.map((cell) => cell.textContent)).toEqual(["1.900", "%95"]);
});

test("a_number_opens_the_people_behind_it", async () => {
  const table = await show();
  const link = within(table).getByRole("link", { name: "S103 nedeni.: 1.900 kişi, listeyi aç" });
  expect(link.getAttribute("href")).toBe("/campaigns/cmp_1?rows=excluded&code=S103#rows");
});
