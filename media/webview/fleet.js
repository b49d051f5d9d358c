/**
 * The table of one run on several connections. What it shows comes as data, and is put there as text; what is pressed
 * goes back by name.
 */
(() => {
  'use strict';

  const vscode = acquireVsCodeApi();
  const texts = JSON.parse(document.body.dataset.page);
  /** How it is looked at, which outlives the page. */
  const look = { sort: '', descending: false, only: false, ...vscode.getState() };
  /** By id: the newest row, and the elements that show it. */
  const shown = new Map();
  let order = [];
  let run;
  let progress = '';

  const byId = (id) => document.getElementById(id);
  const body = byId('rows');

  const COLUMNS = {
    label: (row) => row.label.toLowerCase(),
    state: (row) => row.stateText,
    mark: (row) => row.markText,
    value: (row) => row.value || row.error,
    time: (row) => (row.goingMs === undefined ? row.milliseconds : row.goingMs),
  };

  window.addEventListener('message', ({ data }) => {
    if (data.type === 'rows') {
      take(data);
    }
  });

  for (const [id, action] of Object.entries(texts.actions)) {
    byId(id).addEventListener('click', () => vscode.postMessage({ type: action }));
  }

  byId('only').checked = look.only;
  byId('only').addEventListener('change', ({ target }) => {
    remember({ only: target.checked });
    arrange();
  });

  for (const button of document.querySelectorAll('.sort')) {
    button.addEventListener('click', () => {
      const sort = button.dataset.column;
      if (look.sort !== sort) {
        remember({ sort, descending: false });
      } else if (!look.descending) {
        remember({ descending: true });
      } else {
        remember({ sort: '', descending: false });
      }
      arrange();
    });
  }

  body.addEventListener('click', ({ target }) => {
    const button = target.closest('button');
    if (button !== null) {
      vscode.postMessage({ type: 'row', action: button.dataset.action, id: button.closest('tr').dataset.id });
    }
  });

  // Up and down go from row to row, as in a list; Tab goes on through the buttons of a row.
  body.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const rows = [...body.querySelectorAll('tr:not([hidden])')];
    const at = rows.indexOf(event.target.closest('tr'));
    const next = step === undefined ? undefined : rows[at + step];
    if (next !== undefined) {
      event.preventDefault();
      const { action } = event.target.dataset;
      (next.querySelector(`[data-action="${action}"]`) ?? next.querySelector('button'))?.focus();
    }
  });

  setInterval(tick, 1000);
  vscode.postMessage({ type: 'ready' });

  function remember(change) {
    Object.assign(look, change);
    vscode.setState(look);
  }

  function take(data) {
    if (data.run !== run) {
      run = data.run;
      shown.clear();
      body.replaceChildren();
    }
    order = data.order;
    for (const row of data.rows) {
      draw(row);
    }
    head(data.table);
    arrange();
  }

  function head(table) {
    const bar = byId('progress');
    bar.max = table.total;
    bar.value = table.done;
    setText(byId('done'), table.progress);
    setText(byId('summary'), table.summary);
    byId('summary').className = table.differs ? 'differing' : '';
    byId('interrupt').disabled = !table.open;
    byId('again').disabled = table.again === 0;
    // Told once for each row that ends, and not when only a time goes on.
    const now = `${table.progress}. ${table.summary}`;
    if (now !== progress) {
      progress = now;
      setText(byId('live'), now);
    }
  }

  function draw(row) {
    let entry = shown.get(row.id);
    if (entry === undefined) {
      entry = { ...made(row.id), row };
      shown.set(row.id, entry);
      body.append(entry.line);
    }
    entry.row = row;
    entry.since = row.goingMs === undefined ? undefined : performance.now() - row.goingMs;
    const { line, cells } = entry;
    line.className = row.mark === 'alone' ? 'differs' : row.mark;
    setText(cells.name, row.label);
    cells.label.title = row.label;
    setText(cells.production, row.production);
    setText(cells.state, `${row.stateSign} ${row.stateText}`);
    cells.state.className = `word state-${row.state}`;
    setText(cells.mark, `${row.markSign} ${row.markText}`.trim());
    cells.mark.className = `word mark-${row.mark}`;
    setText(cells.value, row.error === '' ? row.value : row.error);
    cells.value.className = row.error !== '' && row.goingMs === undefined ? 'failed' : '';
    setText(cells.type, row.type);
    setText(cells.time, row.goingMs === undefined ? row.time : going(entry));
    setText(cells.output, row.output);
    for (const part of [cells.type, cells.output]) {
      part.hidden = part.textContent === '';
    }
    drawButtons(cells.actions, row);
  }

  function made(id) {
    const line = document.createElement('tr');
    line.dataset.id = id;
    const label = document.createElement('th');
    label.scope = 'row';
    label.className = 'connection';
    const name = document.createElement('span');
    const production = document.createElement('span');
    production.className = 'production';
    label.append(name, production);
    line.append(label);
    const cells = { label, name, production };
    for (const column of ['state', 'time', 'mark', 'result']) {
      cells[column] = document.createElement('td');
      cells[column].className = column;
      line.append(cells[column]);
    }
    cells.time.className = 'word number';
    for (const [part, tag] of Object.entries({
      value: 'span',
      type: 'span',
      output: 'div',
      actions: 'div',
    })) {
      cells[part] = document.createElement(tag);
      cells[part].className = part;
      cells.result.append(cells[part]);
    }
    return { line, cells };
  }

  /** Buttons that stay keep the focus; where the one that has it goes, the next one gets it. */
  function drawButtons(cell, row) {
    const had = cell.contains(document.activeElement);
    const old = new Map([...cell.children].map((button) => [button.dataset.action, button]));
    row.buttons.forEach(({ action, title }, at) => {
      let button = old.get(action);
      old.delete(action);
      if (button === undefined) {
        button = document.createElement('button');
        button.dataset.action = action;
      }
      setText(button, title);
      button.setAttribute('aria-label', texts.ofRow.replace('{0}', title).replace('{1}', row.label));
      if (cell.children[at] !== button) {
        cell.insertBefore(button, cell.children[at] ?? null);
      }
    });
    old.forEach((button) => button.remove());
    if (had && !cell.contains(document.activeElement)) {
      cell.querySelector('button')?.focus();
    }
  }

  /** Sorts and filters; what has the focus keeps it. */
  function arrange() {
    const focused = document.activeElement;
    const entries = order.map((id) => shown.get(id)).filter(Boolean);
    const of = COLUMNS[look.sort];
    if (of !== undefined) {
      const sign = look.descending ? -1 : 1;
      entries.sort((one, other) => sign * compare(of(one.row), of(other.row)));
    }
    entries.forEach(({ line }, at) => {
      if (body.children[at] !== line) {
        body.insertBefore(line, body.children[at] ?? null);
      }
    });
    let seen = 0;
    for (const { line, row } of entries) {
      line.hidden =
        look.only && !(row.mark === 'differs' || row.mark === 'alone' || row.mark === 'reference');
      seen += line.hidden ? 0 : 1;
    }
    byId('empty').hidden = seen > 0;
    for (const button of document.querySelectorAll('.sort')) {
      const isSorted = button.dataset.column === look.sort;
      const direction = look.descending ? 'descending' : 'ascending';
      button.closest('th').setAttribute('aria-sort', isSorted ? direction : 'none');
      setText(button.querySelector('.arrow'), isSorted ? (look.descending ? ' ↓' : ' ↑') : '');
    }
    if (focused !== document.activeElement && body.contains(focused)) {
      focused.focus();
    }
  }

  function compare(one, other) {
    return typeof one === 'number' ? one - other : one.localeCompare(other, undefined, { numeric: true });
  }

  function tick() {
    for (const entry of shown.values()) {
      if (entry.since !== undefined) {
        setText(entry.cells.time, going(entry));
      }
    }
  }

  function going({ since }) {
    return texts.seconds.replace('{0}', String(Math.floor((performance.now() - since) / 1000)));
  }

  function setText(element, text) {
    if (element.textContent !== text) {
      element.textContent = text;
    }
  }
})();
