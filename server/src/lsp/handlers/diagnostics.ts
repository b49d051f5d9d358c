import { Diagnostics, SetTrace } from '../../api/messages';
import type { DiagnosticsReport } from '../../features/diagnostics';
import type { WireLog } from '../../features/pool/wireLog';
import type { MessageEdge } from '../edge';

/** What helps to find out why something does not work. */
export function handleDiagnostics(edge: MessageEdge, wireLog: WireLog, report: DiagnosticsReport): void {
  edge.onNotification(SetTrace, ({ trace }) => wireLog.setLevel(trace));
  edge.onRequest(
    Diagnostics,
    () => ({}),
    () => report.text(),
  );
}
