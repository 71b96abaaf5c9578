package extract

import (
	"encoding/xml"
	"strings"

	"ragway/ingest"
)

// maxChart bounds the points of a chart that are written: what is read on a slide, not
// the sheet behind it.
const maxChart = 1000

// chart reads a chart's title and, as a table, the values it shows: a row for each
// category, a column for each series.
func (x *pptx) chart(name string) error {
	data, err := x.p.part(name)
	if err != nil || data == nil {
		return err
	}
	c := &chartText{}
	if err := x.walk(data, x.chartParts(c)); err != nil {
		return err
	}
	if title := inline(c.title.String()); title != "" {
		x.w.block(ingest.Block{Kind: ingest.Paragraph, Page: x.page}, title)
	}
	c.table().write(x.w, x.page)
	return nil
}

type chartText struct {
	title      strings.Builder
	categories []string
	series     []chartSeries
}

type chartSeries struct {
	name   string
	values []string
}

func (x *pptx) chartParts(c *chartText) handler {
	var h handler
	h.child = func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "title":
			return x.descend(x.titleText(&c.title))
		case "ser":
			c.series = append(c.series, chartSeries{})
			return x.descend(x.seriesParts(c, &c.series[len(c.series)-1]))
		}
		return x.descend(h)
	}
	return h
}

func (x *pptx) titleText(b *strings.Builder) handler {
	var h handler
	h.child = func(t xml.StartElement) func() error {
		if t.Name.Local == "t" || t.Name.Local == "v" {
			return x.descend(handler{child: none, text: write(b)})
		}
		return x.descend(h)
	}
	return h
}

func (x *pptx) seriesParts(c *chartText, s *chartSeries) handler {
	return handler{child: func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "tx":
			return x.points(func(v string) { s.name += v })
		case "cat", "xVal":
			fresh := len(c.categories) == 0
			return x.points(func(v string) {
				if fresh && len(c.categories) < maxChart {
					c.categories = append(c.categories, v)
				}
			})
		case "val", "yVal":
			return x.points(func(v string) {
				if len(s.values) < maxChart {
					s.values = append(s.values, v)
				}
			})
		}
		return nil
	}}
}

// points gives each cached value below the open element.
func (x *pptx) points(take func(string)) func() error {
	var h handler
	h.child = func(t xml.StartElement) func() error {
		if t.Name.Local != "v" {
			return x.descend(h)
		}
		return func() error {
			var b strings.Builder
			err := x.content(handler{child: none, text: write(&b)})
			take(b.String())
			return err
		}
	}
	return x.descend(h)
}

func (c *chartText) table() *table {
	t := &table{}
	rows := len(c.categories)
	header := []string{""}
	for _, s := range c.series {
		header = append(header, s.name)
		rows = max(rows, len(s.values))
	}
	if rows == 0 || len(c.series) > maxSpan {
		return t
	}
	t.add(header)
	for i := range rows {
		row := []string{at(c.categories, i)}
		for _, s := range c.series {
			row = append(row, at(s.values, i))
		}
		t.add(row)
	}
	return t
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}
