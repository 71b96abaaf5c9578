package extract

import (
	"cmp"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
)

// shape is what stands on a slide: a text, a table, a chart or a diagram.
type shape struct {
	placeholder string // "title", "body", …; "" for what the layout has no place for
	placed      bool
	x, y        int // in EMU, 914,400 an inch
	paras       []slidePara
	table       *table
	chart       string // its part
	diagram     string // the part with its texts
}

type slidePara struct {
	text   string
	level  int
	marked bool // with a bullet or a number of its own
	plain  bool // expressly without one
}

func (s *shape) title() bool { return s.placeholder == "title" || s.placeholder == "ctrTitle" }

func (s *shape) text() string {
	var b strings.Builder
	for _, p := range s.paras {
		b.WriteString(p.text)
		b.WriteByte(' ')
	}
	return b.String()
}

// sameRow is how far apart the tops of shapes may be that stand side by side: a quarter
// of an inch.
const sameRow = 914_400 / 4

// inReadingOrder puts the title first, then what stands where the layout has it, in its
// order, then the rest from top to bottom and left to right: the order in the file is the
// order in which it was drawn.
func inReadingOrder(shapes []*shape) []*shape {
	rank := func(s *shape) int {
		switch {
		case s.title():
			return 0
		case !s.placed:
			return 1
		}
		return 2
	}
	out := slices.Clone(shapes)
	slices.SortStableFunc(out, func(a, b *shape) int {
		if c := cmp.Compare(rank(a), rank(b)); c != 0 || rank(a) < 2 {
			return c
		}
		return cmp.Or(cmp.Compare(a.y/sameRow, b.y/sameRow), cmp.Compare(a.x, b.x))
	})
	return out
}

// shapes are those of a slide or of its notes, those of groups in their group's place.
func (x *pptx) shapes(data []byte) ([]*shape, error) {
	var out []*shape
	var tree handler
	tree.child = func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "sp", "graphicFrame", "cxnSp":
			return func() error {
				s := &shape{}
				err := x.content(x.shape(s))
				if s.kept() {
					out = append(out, s)
				}
				return err
			}
		case "grpSp":
			return func() error {
				first := len(out)
				group := &shape{}
				err := x.content(x.group(group, tree))
				for _, s := range out[first:] { // inside, positions are on another scale
					s.placed, s.x, s.y = group.placed, group.x, group.y
				}
				return err
			}
		case "sld", "notes", "cSld", "spTree", "AlternateContent", "Choice":
			return x.descend(tree)
		}
		return nil
	}
	return out, x.walk(data, tree)
}

// kept leaves out what repeats on every slide.
func (s *shape) kept() bool {
	switch s.placeholder {
	case "sldNum", "dt", "ftr", "hdr", "sldImg":
		return false
	}
	return true
}

func (x *pptx) group(g *shape, tree handler) handler {
	return handler{child: func(t xml.StartElement) func() error {
		if t.Name.Local == "grpSpPr" {
			return x.descend(x.shape(g))
		}
		return tree.child(t)
	}}
}

func (x *pptx) shape(s *shape) handler {
	var h handler
	h.child = func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "nvSpPr", "nvGraphicFramePr", "nvPr", "spPr", "xfrm", "graphic", "graphicData", "AlternateContent", "Choice":
			return x.descend(h)
		case "ph":
			s.placeholder = xmlAttr(t, "type")
			if s.placeholder == "" || s.placeholder == "obj" || s.placeholder == "subTitle" {
				s.placeholder = "body"
			}
		case "off":
			s.x, _ = strconv.Atoi(xmlAttr(t, "x"))
			s.y, _ = strconv.Atoi(xmlAttr(t, "y"))
			s.placed = true
		case "txBody":
			return x.descend(x.textBody(s))
		case "tbl":
			return func() (err error) {
				s.table, err = x.table()
				return err
			}
		case "chart":
			s.chart = x.rels[idAttr(t, "id")].target
		case "relIds":
			s.diagram = x.rels[idAttr(t, "dm")].target
		}
		return nil
	}
	return h
}

// idAttr is an attribute that refers to a relation, which is in a namespace.
func idAttr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name && a.Name.Space != "" {
			return a.Value
		}
	}
	return ""
}

// textBody reads the paragraphs of a shape.
func (x *pptx) textBody(s *shape) handler {
	return handler{child: func(t xml.StartElement) func() error {
		if t.Name.Local != "p" {
			return nil
		}
		return func() error {
			if err := x.ctx.Err(); err != nil {
				return err
			}
			var p slidePara
			var text strings.Builder
			err := x.content(x.runs(&p, &text))
			p.text = text.String()
			s.paras = append(s.paras, p)
			return err
		}
	}}
}

func (x *pptx) runs(p *slidePara, text *strings.Builder) handler {
	var h handler
	h.child = func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "pPr":
			level, _ := strconv.Atoi(xmlAttr(t, "lvl"))
			p.level = max(0, min(level, 8))
			return x.descend(handler{child: func(t xml.StartElement) func() error {
				p.marked = p.marked || t.Name.Local == "buChar" || t.Name.Local == "buAutoNum"
				p.plain = p.plain || t.Name.Local == "buNone"
				return nil
			}})
		case "r", "fld", "AlternateContent", "Choice", "m", "oMath", "oMathPara":
			return x.descend(h)
		case "t":
			return x.descend(handler{child: none, text: write(text)})
		case "br":
			text.WriteByte('\n')
		default:
			if strings.Contains(t.Name.Space, "/math") {
				return x.descend(h)
			}
		}
		return nil
	}
	return h
}

// table reads rows and cells; what a merged cell covers is empty.
func (x *pptx) table() (*table, error) {
	t := &table{}
	var cells []string
	row := handler{child: func(e xml.StartElement) func() error {
		if e.Name.Local != "tc" {
			return nil
		}
		return func() error {
			s := &shape{}
			err := x.content(x.shape(s))
			cells = append(cells, s.text())
			return err
		}
	}}
	body := handler{child: func(e xml.StartElement) func() error {
		if e.Name.Local != "tr" {
			return nil
		}
		return func() error {
			cells = nil
			err := x.content(row)
			t.add(cells)
			return err
		}
	}}
	return t, x.content(body)
}
