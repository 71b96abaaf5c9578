package extract

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// inlines handles the content of a paragraph. What was deleted or moved away, field
// codes, hidden text and pronunciation guides are not part of the text; what was inserted
// or moved here is.
func (x *docx) inlines(p *para) handler {
	var h handler
	h.child = func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "pPr":
			return x.descend(x.paraProperties(p))
		case "r":
			return x.run(p)
		case "t", "delText":
			if t.Name.Local == "t" {
				return x.descend(handler{child: none, text: write(&p.text)})
			}
		case "ins", "moveTo", "hyperlink", "fldSimple", "smartTag", "sdt", "sdtContent", "customXml", "dir", "bdo",
			"ruby", "rubyBase", "oMathPara", "oMath":
			return x.descend(h)
		case "del", "moveFrom", "rt", "rPr", "sdtPr":
		default:
			if strings.Contains(t.Name.Space, "/math") {
				return x.descend(h)
			}
		}
		return nil
	}
	return h
}

func none(xml.StartElement) func() error { return nil }

func write(b *strings.Builder) func(string) { return func(s string) { b.WriteString(s) } }

// paraProperties takes what decides the kind of block. A section or change record inside
// repeats the old properties and is skipped.
func (x *docx) paraProperties(p *para) handler {
	var h handler
	h.child = func(t xml.StartElement) func() error {
		val := xmlAttr(t, "val")
		switch t.Name.Local {
		case "pStyle":
			p.style = x.styles[val]
		case "outlineLvl":
			p.level = outlineLevel(val)
		case "numPr":
			return x.descend(h)
		case "numId":
			p.num = val
		case "ilvl":
			p.indent, _ = strconv.Atoi(val)
		}
		return nil
	}
	return h
}

// run reads one run into the paragraph, unless its properties hide it.
func (x *docx) run(p *para) func() error {
	return func() error {
		before := p.text.Len()
		hidden := false
		err := x.content(x.runContent(p, &hidden))
		if hidden {
			kept := p.text.String()[:before]
			p.text.Reset()
			p.text.WriteString(kept)
		}
		return err
	}
}

func (x *docx) runContent(p *para, hidden *bool) handler {
	var h handler
	h.child = func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "t":
			return x.descend(handler{child: none, text: write(&p.text)})
		case "rPr":
			return x.descend(handler{child: func(t xml.StartElement) func() error {
				off := xmlAttr(t, "val")
				*hidden = *hidden || t.Name.Local == "vanish" && off != "0" && off != "false"
				return nil
			}})
		case "tab", "ptab":
			p.text.WriteByte('\t')
		case "br", "cr":
			if kind := xmlAttr(t, "type"); kind == "" || kind == "textWrapping" {
				p.text.WriteByte('\n')
			} else {
				p.text.WriteByte(' ')
			}
		case "noBreakHyphen":
			p.text.WriteByte('-')
		case "footnoteReference", "endnoteReference":
			p.text.WriteString("[^" + xmlAttr(t, "id") + "]")
		case "ruby", "rubyBase", "AlternateContent", "Choice", "drawing", "pict", "inline", "anchor", "graphic", "graphicData",
			"object", "group", "shape", "rect", "roundrect", "oval", "textbox", "wsp", "wgp", "wpc", "grpSp", "txbx":
			return x.descend(h)
		case "r":
			return x.run(p)
		case "txbxContent":
			return x.textBox
		}
		return nil
	}
	return h
}

// textBox keeps a text box for after the paragraph it hangs on.
func (x *docx) textBox() error {
	text, err := x.gathered()
	if text != "" {
		x.boxes = append(x.boxes, text)
	}
	return err
}
