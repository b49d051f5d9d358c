import json
import struct
import sys
import unittest
import zlib

import peer_helper

PY2 = sys.version_info[0] == 2
TEXT = type(u'')
FLAGS, SHOWABLE = 5, 128
PNG = b'\x89PNG\r\n\x1a\n'


def accident(*_, **__):
    raise AssertionError('code ran that nobody asked for')


class Bench(object):
    """An agent on which something is run and shown."""

    def __init__(self, **names):
        self.agent = peer_helper.agent(**names)

    def run(self, source):
        """What a run tells of its value beyond the text: `(number, row, kind, number)`, or None."""
        answer = self.agent.run(source, u'/editor/shown.py', 0, lambda *_: None)
        assert answer[0] == u'done', answer
        return answer[4] if len(answer) > 4 else None

    def show(self, held, position=0, methods=True):
        """`(kind, MIME type, how many, note, bytes)`, the pieces put together; or the refusal, or the error."""
        answer = self.agent.show(held, (), position, methods, lambda *_: None, u'shows')
        if answer[0] != u'ok' or answer[1] is None:
            return answer
        number, kind, mime, count, note, length, data = answer[1]
        while len(data) < length:
            data += self.agent.piece(number, len(data))[1]
        self.agent.release((number,))
        return kind, mime, count, note, data

    def shown(self, source, position=0):
        return self.show(self.run(source)[3], position)


class Claims(object):
    """Says yes to whatever is looked for."""

    def __getattr__(self, name):
        accident()

    __dir__ = __iter__ = __len__ = accident


class Named(object):

    def __init__(self, gives):
        self.gives = gives


class Png(Named):
    def _repr_png_(self):
        return self.gives() if callable(self.gives) else self.gives


class Html(Named):
    def _repr_html_(self):
        return self.gives


class Svg(Named):
    def _repr_svg_(self):
        return self.gives


class Both(Named):
    def _repr_png_(self):
        return None

    def _repr_html_(self):
        return self.gives


class Prose(Named):
    def _repr_markdown_(self):
        return self.gives


class Methods(unittest.TestCase):
    """What classes say of themselves."""

    def test_what_each_method_gives(self):
        bench = Bench(Png=Png, Html=Html, Svg=Svg, Both=Both, Prose=Prose, png=PNG + b'x')
        self.assertEqual((u'picture', u'image/png', 1, u'', PNG + b'x'), bench.shown(u'Png(png)'))
        self.assertEqual((u'page', u'text/html', 1, u'', b'<b>1</b>'), bench.shown(u'Html(u"<b>1</b>")'))
        self.assertEqual((u'picture', u'image/svg+xml', 1, u'', b'<svg/>'), bench.shown(u'Svg(u"<svg/>")'))
        self.assertEqual((u'text', u'text/markdown', 1, u'', b'# a'), bench.shown(u'Prose(u"# a")'))

    def test_the_next_one_where_one_has_nothing_to_give(self):
        self.assertEqual(b'<i>', Bench(Both=Both).shown(u'Both(u"<i>")')[4])

    def test_facts_beside_the_bytes_are_left_out(self):
        bench = Bench(Png=Png, png=PNG)
        self.assertEqual(PNG, bench.shown(u'Png((png, {"width": 3}))')[4])

    def test_long_ones_come_in_pieces_and_are_let_go(self):
        bench = Bench(Png=Png, png=PNG + bytes(bytearray(range(256))) * 4000)
        held = bench.run(u'Png(png)')
        before = len(bench.agent.kept.table)
        self.assertEqual(bench.agent.namespace['png'], bench.show(held[3])[4])
        self.assertEqual(before, len(bench.agent.kept.table))

    def test_a_wrong_type_is_refused_in_words(self):
        bench = Bench(Png=Png, Html=Html, Svg=Svg)
        for source in (u'Png(42)', u'Png(b"no picture")', u'Png(u"text")', u'Html(7)', u'Svg([])', u'Html(object())'):
            answer = bench.shown(source)
            self.assertEqual(u'unshown', answer[0], source)
            self.assertTrue(u' gave ' in answer[1], answer)

    def test_too_much_is_refused_in_words(self):
        bench = Bench(Png=Png, Html=Html, png=PNG)
        for source in (u'Png(png + b"x" * (9 << 20))', u'Html(u"x" * (2 << 20))'):
            answer = bench.shown(source)
            self.assertEqual(u'unshown', answer[0])
            self.assertTrue(u'too long' in answer[1], answer)

    def test_one_that_raises_is_told_as_an_error(self):
        def fail():
            raise ValueError('no picture today')
        answer = Bench(Png=Png, fail=fail).shown(u'Png(fail)')
        self.assertEqual((u'ok', None), answer[:2])
        self.assertTrue(u'no picture today' in answer[2][1], answer)

    def test_one_that_ends_the_program_ends_nothing(self):
        answer = Bench(Png=Png).shown(u'import sys\nPng(sys.exit)')
        self.assertEqual((u'ok', None), answer[:2])
        self.assertTrue(u'SystemExit' in answer[2][0], answer)

    def test_nothing_runs_to_find_out_what_there_is(self):
        bench = Bench(Claims=Claims, Png=Png, accident=accident)
        self.assertEqual(u'', bench.run(u'Claims()')[2])
        self.assertEqual(u'picture', bench.run(u'Png(accident)')[2])
        # What hangs on the instance only is nothing that its class says.
        self.assertEqual(u'', bench.run(u'class C(object): pass\nc = C()\nc._repr_html_ = accident\nc')[2])
        self.assertEqual(u'', bench.run(u'Png')[2])

    def test_only_what_a_run_gave_is_asked(self):
        bench = Bench(page=Html(u'<b>'))
        answer = bench.agent.show(u'namespace', ((u'a', u'page'),), 0, False, lambda *_: None, u'x')
        self.assertEqual(u'unshown', answer[0])
        self.assertEqual(0, peer_helper.rows(bench.agent, u'namespace')[u'page'][FLAGS] & SHOWABLE)

    def test_a_text_of_a_class_that_lies_is_read_as_a_text(self):
        class Lies(TEXT):
            __len__ = __getitem__ = encode = accident
        bench = Bench(Html=Html, Lies=Lies)
        self.assertEqual(b'<p>', bench.shown(u'Html(Lies(u"<p>"))')[4])


class Held(unittest.TestCase):
    """What is held of the value of a run."""

    def test_only_what_can_be_looked_into(self):
        bench = Bench()
        for source in (u'1', u'"text"', u'None', u'x = [1]', u'[]'):
            self.assertEqual(None, bench.run(source), source)
        number, row, kind, shown = bench.run(u'[1, 2]')
        self.assertEqual((u'list', u'', 0), (row[2], kind, shown))
        self.assertEqual([1, 2], bench.agent.kept.table[number])
        bench.agent.release((number,))
        self.assertEqual({}, bench.agent.kept.table)

    def test_a_value_becomes_a_row_of_the_results(self):
        bench = Bench()
        status, row = bench.agent.keep_value(bench.run(u'{"a": 1}')[0], (), u'shown.py:1')
        self.assertEqual((u'ok', u'#1 shown.py:1', u'dict'), (status, row[1], row[2]))
        self.assertEqual([{'a': 1}], list(bench.agent.kept.results.values()))

    def test_what_was_let_go_is_stale(self):
        self.assertEqual(u'stale', Bench().agent.show(7, (), 0, True, lambda *_: None, u'x')[0])


try:
    import numpy
except ImportError:
    numpy = None


@unittest.skipIf(numpy is None, 'no numpy here')
class Arrays(unittest.TestCase):

    def table(self, array, position=0):
        kind, mime, _, _, data = Bench(a=array).shown(u'a', position)
        self.assertEqual((u'table', u'application/json'), (kind, mime))
        return json.loads(data.decode('ascii'))

    def test_one_and_two_dimensions(self):
        flat = self.table(numpy.array([1.5, float('nan')]))
        self.assertEqual([[u'value', u'float64', True]], flat[u'columns'])
        self.assertEqual(([[u'1.5'], [u'nan']], False, 2), (flat[u'rows'], flat[u'index'], flat[u'total']))
        square = self.table(numpy.arange(6).reshape(2, 3))
        self.assertEqual([[u'0', u'1', u'2'], [u'3', u'4', u'5']], square[u'rows'])

    def test_short_floats_have_no_more_digits_than_they_are_worth(self):
        self.assertEqual([[u'0.1']], self.table(numpy.array([0.1], 'float32'))[u'rows'])

    def test_dates_and_records(self):
        self.assertEqual([[u'2020-01-02']], self.table(numpy.array(['2020-01-02'], 'M8[D]'))[u'rows'])
        found = self.table(numpy.array([(1, b'x')], [('i', 'i4'), ('s', 'S3')]))
        self.assertEqual([u'i', u's'], [column[0] for column in found[u'columns']])

    def test_pages_of_a_big_one(self):
        # As large as a disk: nobody could copy it.
        array = numpy.lib.stride_tricks.as_strided(numpy.zeros(1), shape=(10 ** 9, 10 ** 3), strides=(0, 0))
        found = self.table(array, 10 ** 9 - 3)
        self.assertEqual((10 ** 9, 10 ** 3, 3, 50), (
            found[u'total'], found[u'totalColumns'], len(found[u'rows']), len(found[u'rows'][0])))
        self.assertEqual(500, len(self.table(array)[u'rows']))

    def test_long_cells_are_cut_and_many_of_them_end_the_page(self):
        found = self.table(numpy.array([u'x' * 1000] * 300)[:, None].repeat(50, axis=1))
        self.assertEqual(200, len(found[u'rows'][0][0]))
        self.assertEqual((100, 300), (len(found[u'rows']), found[u'total']))

    def test_objects_inside_are_not_asked_for_more_than_their_text(self):
        class Loud(object):
            def __str__(self):
                raise ValueError('loud')
            __repr__ = accident
        array = numpy.empty(2, object)
        array[0], array[1] = Loud(), [1, Loud()]
        found = self.table(array)[u'rows']
        self.assertTrue(found[0][0].startswith(u'<') and found[1][0].startswith(u'[1, <'), found)

    def test_colours_are_a_picture(self):
        array = numpy.zeros((2, 3, 3), 'uint8')
        array[1, 2] = 1, 2, 3
        kind, mime, _, note, data = Bench(a=array).shown(u'a')
        self.assertEqual((u'picture', u'image/png', u'', PNG), (kind, mime, note, data[:8]))
        self.assertEqual((3, 2), struct.unpack('>II', data[16:24]))
        start = data.index(b'IDAT') + 4
        raw = zlib.decompress(data[start:start + struct.unpack('>I', data[start - 8:start - 4])[0]])
        self.assertEqual(b'\0' * 10 + b'\0' + b'\0' * 6 + b'\1\2\3', raw)

    def test_a_large_picture_is_shown_smaller(self):
        _, _, _, note, data = Bench(a=numpy.zeros((5000, 5000, 3), 'uint8')).shown(u'a')
        self.assertEqual((u'Shown smaller: 1667 \xd7 1667 of 5000 \xd7 5000 pixels', (1667, 1667)),
                         (note, struct.unpack('>II', data[16:24])))

    def test_what_is_no_table_is_not_shown(self):
        bench = Bench(cube=numpy.zeros((2, 2, 2)), none=numpy.zeros((0, 3)), point=numpy.array(1))
        for name in (u'cube', u'none', u'point'):
            held = bench.run(name)
            self.assertEqual(u'', held[2] if held else u'', name)

    def test_a_class_of_the_user_s_is_recognized_without_asking_it(self):
        class Mine(numpy.ndarray):
            shape = property(accident)
            __getitem__ = accident
        bench = Bench(mine=numpy.zeros(3).view(Mine))
        self.assertTrue(peer_helper.rows(bench.agent, u'namespace')[u'mine'][FLAGS] & SHOWABLE)
        self.assertEqual(u'table', bench.run(u'mine')[2])


try:
    import pandas
except ImportError:
    pandas = None


@unittest.skipIf(pandas is None, 'no pandas here')
class Tables(unittest.TestCase):

    def test_frames_series_and_labels(self):
        frame = pandas.DataFrame(
            {'n': [1, 2], 'when': pandas.to_datetime(['2020-01-02', None]), 's': ['a', None]},
            index=pandas.MultiIndex.from_tuples([('x', 1), ('y', 2)]))
        found = json.loads(Bench(f=frame).shown(u'f')[4].decode('ascii'))
        self.assertEqual([u'n', u'when', u's'], [column[0] for column in found[u'columns']])
        self.assertEqual([[u'x, 1', u'1', u'2020-01-02', u'a'], [u'y, 2', u'2', u'NaT', u'None']], found[u'rows'])
        self.assertEqual((True, 2, 3), (found[u'index'], found[u'total'], found[u'totalColumns']))
        for source in (u'f["n"]', u'f.columns', u'f.dtypes'):
            self.assertEqual(u'table', Bench(f=frame).shown(source)[0], source)

    def test_wide_ones_are_cut_and_long_ones_paged(self):
        frame = pandas.DataFrame([[1.5] * 60] * 1200)
        bench = Bench(f=frame)
        held = bench.run(u'f')[3]
        found = [json.loads(bench.show(held, start)[4].decode('ascii')) for start in (0, 500, 1000)]
        self.assertEqual([500, 500, 200], [len(page[u'rows']) for page in found])
        self.assertEqual([u'0', u'500', u'1000'], [page[u'rows'][0][0] for page in found])
        self.assertEqual((50, 60), (len(found[0][u'columns']), found[0][u'totalColumns']))

    def test_an_empty_one_has_columns(self):
        found = json.loads(Bench(f=pandas.DataFrame({'a': []})).shown(u'f')[4].decode('ascii'))
        self.assertEqual(([], 0), (found[u'rows'], found[u'total']))


try:
    from PIL import Image
except ImportError:
    Image = None


@unittest.skipIf(Image is None, 'no pillow here')
class Images(unittest.TestCase):

    def test_every_mode_becomes_a_png(self):
        for mode in ('1', 'L', 'P', 'RGB', 'RGBA', 'CMYK', 'F', 'I', 'HSV'):
            kind, mime, _, note, data = Bench(i=Image.new(mode, (4, 3))).shown(u'i')
            self.assertEqual((u'picture', u'image/png', u'', PNG), (kind, mime, note, data[:8]), mode)
            self.assertEqual((4, 3), struct.unpack('>II', data[16:24]))

    def test_a_large_one_is_shown_smaller_and_stays_as_it_is(self):
        image = Image.new('L', (10000, 8000))
        _, _, _, note, data = Bench(i=image).shown(u'i')
        width, height = struct.unpack('>II', data[16:24])
        self.assertTrue(width * height <= 16000000 and note.startswith(u'Shown smaller'), note)
        self.assertEqual((10000, 8000), image.size)

    def test_noise_is_shown_smaller_until_it_fits(self):
        import os
        image = Image.frombytes('RGB', (1700, 1700), os.urandom(8670000))
        _, _, _, note, data = Bench(i=image).shown(u'i')
        self.assertTrue(len(data) <= 8 << 20 and note.startswith(u'Shown smaller'), note)


try:
    import matplotlib
    import matplotlib.pyplot as pyplot
    from matplotlib.figure import Figure
except ImportError:
    matplotlib = None


@unittest.skipIf(matplotlib is None, 'no matplotlib here')
class Figures(unittest.TestCase):

    def setUp(self):
        pyplot.switch_backend('agg')
        self.bench = Bench(pyplot=pyplot, Figure=Figure)

    def tearDown(self):
        pyplot.close('all')

    def test_a_figure_and_what_is_drawn_in_it(self):
        for source in (u'f', u'f.gca()', u'f.gca().plot([1, 2])', u'f, f.gca()', u'f.gca().hist([1, 2, 2])',
                       u'f.gca().bar([1, 2], [3, 4])', u'f.subplots(2, 2)', u'f.gca().set_title("t")'):
            kind, mime, count, note, data = self.bench.shown(u'f = Figure()\n' + source)
            self.assertEqual((u'picture', u'image/png', 1, u''), (kind, mime, count, note), source)
            width, height = struct.unpack('>II', data[16:24])
            self.assertTrue(921 <= width <= 922 and 691 <= height <= 692, source)

    def test_the_backend_and_the_figure_stay_as_they_are(self):
        held = self.bench.run(u'f = pyplot.figure(dpi=80)\nf')
        canvas = self.bench.agent.namespace['f'].canvas
        self.bench.show(held[3])
        figure = self.bench.agent.namespace['f']
        self.assertEqual((80, canvas, 'agg'), (figure.dpi, figure.canvas, matplotlib.get_backend().lower()))

    def test_a_large_figure_has_fewer_dots(self):
        _, _, _, note, data = self.bench.shown(u'Figure(figsize=(60, 40))')
        width, height = struct.unpack('>II', data[16:24])
        self.assertTrue(width * height < 16100000 and note.startswith(u'Drawn with 81 instead of 144'), note)

    def test_figures_that_a_run_opens_are_shown_without_being_its_value(self):
        held = self.bench.run(u'pyplot.figure()\npyplot.plot([1, 2])\npyplot.show()')
        self.assertEqual((u'picture', u'none'), (held[2], held[1][2]))
        self.assertEqual(u'picture', self.bench.show(held[3])[0])
        # Those of earlier runs are not.
        self.assertEqual(None, self.bench.run(u'x = 1'))

    def test_several_figures_are_shown_one_by_one(self):
        held = self.bench.run(u'for n in range(3): pyplot.figure(figsize=(n + 1, 1))\npyplot.gca()')
        widths = [struct.unpack('>I', self.bench.show(held[3], n)[4][16:20])[0] for n in range(3)]
        self.assertEqual((3, [144, 288, 432]), (self.bench.show(held[3])[2], sorted(widths)))

    def test_rows_of_figures_can_be_shown(self):
        self.bench.run(u'f = Figure(); a = f.gca(); nothing = object(); words = ["a"]')
        rows = peer_helper.rows(self.bench.agent, u'namespace')
        self.assertEqual([True, True, False, False], [
            bool(rows[name][FLAGS] & SHOWABLE) for name in (u'f', u'a', u'nothing', u'words')])

    def test_a_class_that_only_claims_to_be_one_is_none(self):
        class Liar(object):
            __class__ = Figure
            figure = property(accident)
            savefig = accident
        self.assertEqual(u'', Bench(liar=Liar()).run(u'liar')[2])
