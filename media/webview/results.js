/** The page of the results panel: draws what the extension sends, as text, as pictures, or in a frame. */
(() => {
  const vscode = acquireVsCodeApi();
  const texts = JSON.parse(document.body.dataset.page ?? '{}');
  const language = document.documentElement.lang;
  const ZOOM_STEP = 1.25;
  const ZOOM_MOST = 16;
  /** Of the picture; 0 fits it to the panel. */
  let zoom = 0;
  let shown;

  const say = (text, ...values) => text.replace(/\{(\d)\}/g, (_all, place) => values[Number(place)]);
  const count = (number) => number.toLocaleString(language);
  const post = (type, more = {}) => vscode.postMessage({ type, ...more });

  function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  const button = (id, label, act, title = '') => {
    const made = element('button', { id, textContent: label, title, onclick: act });
    if (title !== '') {
      made.setAttribute('aria-label', title);
    }
    return made;
  };
  const words = (id, className) => element('span', { id, className });

  const bar = element(
    'div',
    { className: 'bar' },
    button('back', '‹', () => post('go', { by: -1 }), texts.back),
    words('place', 'quiet'),
    button('forward', '›', () => post('go', { by: 1 }), texts.forward),
    element('strong', { id: 'title' }),
    words('where', 'quiet'),
    words('', 'grow'),
    button('fit', texts.fit, () => setZoom(0)),
    button('smaller', '−', () => setZoom(scale() / ZOOM_STEP), texts.smaller),
    button('actual', '1:1', () => setZoom(1), texts.actual),
    button('larger', '+', () => setZoom(scale() * ZOOM_STEP), texts.larger),
    button('copy', texts.copy, copy),
    button('save', texts.save, () => post('save')),
    button('explore', texts.explore, () => post('explore')),
  );
  const pager = element(
    'div',
    { className: 'bar', id: 'pager' },
    button('previous', texts.previous, () => move(-1)),
    words('range', 'quiet'),
    button('next', texts.next, () => move(1)),
  );
  const busy = element(
    'div',
    { className: 'bar', id: 'busy' },
    element('span', { textContent: texts.busy }),
    button('stop', texts.stop, () => post('stop')),
  );
  const note = element('p', { className: 'note quiet', id: 'note' });
  note.setAttribute('role', 'status');
  const problem = element(
    'div',
    { className: 'bar', id: 'problem' },
    element('span', { id: 'why', className: 'error' }),
    button('again', texts.again, () => post('move', { position: shown.position })),
  );
  problem.setAttribute('role', 'alert');
  const stage = element('main', { id: 'stage', tabIndex: 0 });
  document.body.append(bar, pager, busy, problem, note, stage);

  const at = (id) => document.getElementById(id);
  const show = (id, wanted) => {
    at(id).hidden = !wanted;
  };

  window.addEventListener('message', ({ data }) => {
    const isOther = shown?.number !== data.number || shown?.content?.as !== data.content?.as;
    shown = data;
    if (isOther) {
      zoom = 0;
    }
    draw();
  });

  function draw() {
    const { title, where, number, count: all, content } = shown;
    document.body.classList.toggle('busy', shown.busy);
    at('title').textContent = title;
    at('where').textContent = say(texts.where, where);
    at('place').textContent = say(texts.place, number, all);
    at('back').disabled = number <= 1;
    at('forward').disabled = number >= all;
    show('busy', shown.busy);
    show('problem', shown.problem !== '');
    at('why').textContent = shown.problem;
    show('copy', content !== undefined);
    show('save', content !== undefined && content.as !== 'error');
    show('explore', shown.explores);
    for (const id of ['fit', 'smaller', 'actual', 'larger']) {
      show(id, content?.as === 'picture');
    }
    drawPager(content);
    at('note').textContent = noteOf(content);
    show('note', at('note').textContent !== '');
    stage.replaceChildren();
    stage.className = '';
    if (content !== undefined) {
      drawing[content.as](content);
    }
  }

  function noteOf(content) {
    switch (content?.as) {
      case 'picture':
        return content.note;
      case 'page':
        return texts.page;
      case 'error':
        return texts.raised;
      case 'table': {
        const { columns, totalColumns } = content.table;
        return columns.length < totalColumns
          ? say(texts.columns, count(columns.length), count(totalColumns))
          : '';
      }
      default:
        return '';
    }
  }

  function drawPager(content) {
    const table = content?.as === 'table' ? content.table : undefined;
    const pictures = content?.as === 'picture' ? content.count : 1;
    show('pager', table !== undefined || pictures > 1);
    if (table !== undefined) {
      const end = table.start + table.rows.length;
      at('range').textContent =
        table.rows.length === 0
          ? texts.empty
          : say(texts.rows, count(table.start + 1), count(end), count(table.total));
      at('previous').disabled = table.start === 0;
      at('next').disabled = end >= table.total;
    } else if (pictures > 1) {
      at('range').textContent = say(texts.pictures, shown.position + 1, pictures);
      at('previous').disabled = shown.position === 0;
      at('next').disabled = shown.position + 1 >= pictures;
    }
  }

  function move(by) {
    const { content, position } = shown;
    const table = content.as === 'table' ? content.table : undefined;
    const step = table === undefined ? 1 : Math.max(table.rows.length, by < 0 ? 500 : 1);
    post('move', { position: Math.max(position + by * step, 0) });
  }

  /** Tells the extension what is there to be seen. */
  function drawn(facts) {
    post('drawn', {
      turn: shown.turn,
      as: shown.content.as,
      width: 0,
      height: 0,
      rows: 0,
      columns: 0,
      text: '',
      ...facts,
    });
  }

  const drawing = {
    picture({ type, data }) {
      const image = element('img', { alt: shown.title });
      const { turn } = shown;
      image.onload = () => {
        // Another one may be there by now.
        if (turn !== shown.turn) {
          return;
        }
        setZoom(zoom);
        drawn({ width: image.naturalWidth, height: image.naturalHeight });
      };
      image.onerror = () => {
        at('note').textContent = texts.broken;
        show('note', true);
        drawn({ text: texts.broken });
      };
      image.src = `data:${type};base64,${data}`;
      stage.append(image);
      setZoom(zoom);
    },

    table({ table }) {
      const head = element('tr');
      if (table.labelled) {
        head.append(element('th'));
      }
      for (const { name, typeName, numeric } of table.columns) {
        const type = element('span', { className: 'type quiet', textContent: typeName });
        const cell = element(
          'th',
          { className: numeric ? 'number' : '', title: `${name}: ${typeName}` },
          name,
          type,
        );
        cell.scope = 'col';
        head.append(cell);
      }
      const body = element('tbody');
      for (const cells of table.rows) {
        const row = element('tr');
        cells.forEach((text, index) => {
          const isLabel = table.labelled && index === 0;
          const column = table.columns[index - (table.labelled ? 1 : 0)];
          const cell = element(isLabel ? 'th' : 'td', {
            textContent: text,
            title: text.length > 40 ? text : '',
          });
          cell.className = !isLabel && column?.numeric === true ? 'number' : '';
          if (isLabel) {
            cell.scope = 'row';
          }
          row.append(cell);
        });
        body.append(row);
      }
      stage.append(element('table', {}, element('thead', {}, head), body));
      drawn({ rows: table.rows.length, columns: table.columns.length, text: table.rows[0]?.join(' ') ?? '' });
    },

    page({ head, html }) {
      const frame = element('iframe', { title: shown.title });
      // Nothing in it may run, be sent or lead anywhere.
      frame.setAttribute('sandbox', '');
      frame.onload = () => drawn({ text: html.slice(0, 200) });
      frame.srcdoc = `${head}<style>${themeOfFrame()}</style>${html}`;
      stage.append(frame);
    },

    text({ text }) {
      stage.append(element('pre', { textContent: text }));
      drawn({ text: text.slice(0, 200) });
    },

    error({ text }) {
      stage.append(element('pre', { textContent: text }));
      drawn({ text: text.slice(-200) });
    },
  };

  /** A frame has no variables of the theme: its page gets what they stand for now. */
  function themeOfFrame() {
    const theme = getComputedStyle(document.documentElement);
    const value = (name) => theme.getPropertyValue(name).replace(/[<>{};]/g, '');
    const line = value('--vscode-editorWidget-border') || value('--vscode-contrastBorder') || '#8888';
    return (
      `:root{color-scheme:${document.body.classList.contains('vscode-light') || document.body.classList.contains('vscode-high-contrast-light') ? 'light' : 'dark'}}` +
      `body{margin:10px;color:${value('--vscode-foreground')};background:${value('--vscode-editor-background')};` +
      `font:${value('--vscode-font-size')} ${value('--vscode-font-family')}}` +
      `a{color:${value('--vscode-textLink-foreground')}}table{border-collapse:collapse}` +
      `th,td{padding:2px 10px;border:1px solid ${line};text-align:right}`
    );
  }

  /** The factor by which the picture is drawn now. */
  function scale() {
    const image = stage.querySelector('img');
    if (zoom !== 0 || image === null || image.naturalWidth === 0) {
      return zoom || 1;
    }
    const { width, height } = image.getBoundingClientRect();
    return Math.min(width / image.naturalWidth, height / image.naturalHeight);
  }

  function setZoom(factor) {
    const image = stage.querySelector('img');
    zoom = factor === 0 ? 0 : Math.min(Math.max(factor, 1 / ZOOM_MOST), ZOOM_MOST);
    stage.classList.toggle('fit', zoom === 0 && image !== null);
    if (image !== null) {
      image.style.width = zoom === 0 ? '' : `${image.naturalWidth * zoom}px`;
    }
  }

  async function copy() {
    const image = shown.content.as === 'picture' ? stage.querySelector('img') : null;
    if (image === null) {
      post('copy');
      return;
    }
    try {
      const canvas = element('canvas', { width: image.naturalWidth, height: image.naturalHeight });
      canvas.getContext('2d').drawImage(image, 0, 0);
      const blob = new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
      post('copied');
    } catch {
      post('copy');
    }
  }

  post('ready');
})();
