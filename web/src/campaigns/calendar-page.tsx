import { Group, SegmentedControl, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { POLL_MS } from "../api/live";
import type { PlacedCampaign } from "../api/model";
import { ButtonLink, TextLink } from "../app/links";
import { Notice } from "../app/notice";
import { Page } from "../app/page";
import { useMay } from "../app/permissions";
import { ScrollX } from "../app/scroll-x";
import { useServerNow } from "../app/session";
import { Failure, Loading } from "../app/states";
import { useFormats } from "../locale/format";
import { MonthGrid, Pager, useHolidayName, useHolidays, useMonthName } from "./builder/month-grid";
import { daysLater, monthLater, noonOf, wallClockOf, weekOf, weeksOf } from "./builder/turkish-time";
import classes from "./calendar.module.css";
import { TONE } from "./campaign-state";

const route = getRouteApi("/shell/campaigns/calendar");

/** What leaves on which day: a month or a week of campaigns, with the public holidays. */
export function CampaignCalendarPage() {
  const { t } = useTranslation();
  const formats = useFormats();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay();
  const serverNow = useServerNow();
  const monthName = useMonthName();
  const holidayName = useHolidayName();
  const today = wallClockOf(new Date(serverNow())).day;
  const day = search.day ?? today;
  const isWeek = search.view === "week";
  const weeks = isWeek ? [weekOf(day)] : weeksOf(day);
  const from = weeks[0]?.[0] ?? day;
  const to = weeks.at(-1)?.at(-1) ?? day;
  const holidays = useHolidays(from, to);
  const placed = useQuery({
    queryKey: ["campaigns", "calendar", from, to],
    queryFn: () => answer(api.GET("/api/v1/campaigns/calendar", { params: { query: { from, to } } })),
    placeholderData: (before) => before,
    refetchInterval: POLL_MS * 5,
  });
  const onDay = new Map<string, PlacedCampaign[]>();
  for (const one of placed.data?.items ?? []) {
    const date = wallClockOf(one.at).day;
    onDay.set(date, [...(onDay.get(date) ?? []), one]);
  }
  const step = (by: -1 | 1) =>
    navigate({ search: { ...search, day: isWeek ? daysLater(day, 7 * by) : monthLater(day, by) } });
  const title = isWeek
    ? t("builder.calendar.week_of", { from: formats.date(noonOf(from)), to: formats.date(noonOf(to)) })
    : monthName(day);
  const busy = weeks
    .flat()
    .filter((date) => (onDay.has(date) || holidays.has(date)) && (isWeek || date.startsWith(day.slice(0, 7))));
  return (
    <Page
      title={t("builder.calendar.title")}
      lead={t("builder.calendar.lead")}
      back={<TextLink to="/campaigns">{t("campaigns.detail.back")}</TextLink>}
      actions={
        may("manage_campaigns") && (
          <ButtonLink to="/campaigns/new" leftSection={<IconPlus size={18} aria-hidden />}>
            {t("campaigns.new")}
          </ButtonLink>
        )
      }
    >
      <Group justify="space-between">
        <Pager
          title={title}
          onStep={step}
          steps={
            isWeek
              ? [t("builder.calendar.week_before"), t("builder.calendar.week_after")]
              : [t("builder.calendar.month_before"), t("builder.calendar.month_after")]
          }
        />
        <SegmentedControl
          aria-label={t("builder.calendar.view")}
          data={[
            { value: "month", label: t("builder.calendar.month") },
            { value: "week", label: t("builder.calendar.week") },
          ]}
          value={isWeek ? "week" : "month"}
          onChange={(view) => navigate({ search: { day, view: view === "week" ? "week" : undefined } })}
        />
      </Group>
      {placed.isError && <Failure error={placed.error} onRetry={() => placed.refetch()} />}
      {placed.isPending && <Loading />}
      {placed.data?.is_cut && <Notice tone="out">{t("builder.calendar.cut")}</Notice>}
      {placed.data && (
        <>
          <div className={classes.wide}>
            <ScrollX label={title}>
              <MonthGrid
                label={title}
                weeks={weeks}
                month={isWeek ? undefined : day}
                today={today}
                holidays={holidays}
                isLarge
                day={(date) => ({
                  content: (
                    <>
                      <div className={classes.head}>
                        <time dateTime={date} className="number">
                          {Number(date.slice(8))}
                        </time>
                        {holidays.has(date) && (
                          <span className={classes.holiday} title={holidayName(holidays.get(date))}>
                            {holidayName(holidays.get(date))}
                          </span>
                        )}
                      </div>
                      <Campaigns items={onDay.get(date) ?? []} />
                    </>
                  ),
                })}
              />
            </ScrollX>
          </div>
          <ol className={`surface ${classes.agenda}`} aria-label={title}>
            {busy.length === 0 && <li>{t("builder.calendar.nothing")}</li>}
            {busy.map((date) => (
              <li key={date}>
                <Text fw={600}>{formats.shortDay(noonOf(date))}</Text>
                {holidays.has(date) && (
                  <Text size="sm" c="var(--tone-out)">
                    {holidayName(holidays.get(date))}
                  </Text>
                )}
                <Campaigns items={onDay.get(date) ?? []} />
              </li>
            ))}
          </ol>
        </>
      )}
    </Page>
  );
}

function Campaigns({ items }: { items: PlacedCampaign[] }) {
  const { t } = useTranslation();
  if (items.length === 0) return null;
  return (
    <ul className={classes.list}>
      {items.map(({ at, campaign }) => (
        <li key={campaign.id} data-tone={TONE[campaign.state]}>
          <TextLink
            to="/campaigns/$id"
            params={{ id: campaign.id }}
            c="inherit"
            fz="sm"
            title={t(`campaigns.state.${campaign.state}`)}
          >
            <span className="number">{wallClockOf(at).time}</span> {campaign.name}
            <span className={classes.state}> · {t(`campaigns.state.${campaign.state}`)}</span>
          </TextLink>
        </li>
      ))}
    </ul>
  );
}
