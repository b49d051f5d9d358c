import * as vscode from 'vscode';
import type { RunError, RunOutput, RunResult } from '../../server/src/api/model';
import { outputText } from './displayText';
import { count } from './rowItems';

const TAIL_LIMIT = 65_536;

/** The output channel of one connection. A run may outlive it: what comes after the end is dropped. */
export class RunChannel implements vscode.Disposable {
  private readonly channel: vscode.OutputChannel;
  private atLineStart = true;
  private tailText = '';
  private disposed = false;

  constructor(readonly label: string) {
    this.channel = vscode.window.createOutputChannel(`RPyC: ${label}`);
  }

  /** The end of what the channel shows. */
  get tail(): string {
    return this.tailText;
  }

  show(): void {
    if (!this.disposed) {
      this.channel.show(true);
    }
  }

  begin(where: string): void {
    this.line(`▶ ${where}  ${new Date().toLocaleTimeString(vscode.env.language)}`);
  }

  print(output: RunOutput): void {
    if (output.dropped > 0) {
      this.line(vscode.l10n.t('… {0} characters left out: they came too fast', count(output.dropped)));
    }
    this.append(outputText(output.text));
  }

  end(result: RunResult): void {
    switch (result.status) {
      case 'done':
        if (result.value !== undefined) {
          this.line(`→ ${outputText(result.value)}`);
        }
        this.line(vscode.l10n.t('✓ {0}', elapsed(result.elapsedMs)));
        break;
      case 'error':
        this.line(outputText(result.error?.traceback ?? '').trimEnd());
        this.line(
          vscode.l10n.t(
            '✗ {0} after {1}',
            shortType(result.error?.typeName ?? ''),
            elapsed(result.elapsedMs),
          ),
        );
        break;
      case 'lost':
        this.lost(result.problem?.message ?? vscode.l10n.t('The connection was lost.'));
        break;
      case 'interrupted':
        this.line(vscode.l10n.t('■ interrupted after {0}', elapsed(result.elapsedMs)));
        break;
    }
    this.append('\n');
  }

  /** The traceback of something that is no run. */
  traceback(error: RunError): void {
    this.line(outputText(error.traceback).trimEnd());
    this.append('\n');
  }

  lost(message: string): void {
    this.line(`✗ ${message}`);
  }

  dispose(): void {
    this.disposed = true;
    this.channel.dispose();
  }

  /** A line of ours, never in the middle of one that the snippet has not ended. */
  private line(text: string): void {
    this.append(`${this.atLineStart ? '' : '\n'}${text}\n`);
  }

  private append(text: string): void {
    if (text === '' || this.disposed) {
      return;
    }
    this.atLineStart = text.endsWith('\n');
    this.tailText = (this.tailText + text).slice(-TAIL_LIMIT);
    this.channel.append(text);
  }
}

/** As a Python traceback names it. */
export function shortType(typeName: string): string {
  return typeName.replace(/^(?:builtins|exceptions)\./, '');
}

function elapsed(milliseconds: number): string {
  return vscode.l10n.t('{0} s', (milliseconds / 1000).toFixed(2));
}
