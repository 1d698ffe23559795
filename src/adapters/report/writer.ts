import type { ReportWriter } from '../../application/ports.ts';
import { renderNotice } from '../ses/render.ts';
import { renderReportPage } from './page.ts';

/** Writes reports down, with times in `timezone` (an IANA name). */
export function reportWriter(timezone: string): ReportWriter {
  return {
    page: (facts, place) => renderReportPage(facts, place, timezone),
    text: (facts, place) => renderNotice({ ...place, id: '', to: '', owedAt: facts.at, facts }, { timezone }, {}).text,
  };
}
