package extract

import (
	"path"
	"strings"
)

// relation is what a part of an Office Open XML package refers to by an ID.
type relation struct {
	id     string
	kind   string // the last step of its type: "slide", "notesSlide", "chart"
	target string // a part's name; "" for what lies outside the package
}

// relations are those of a part, in the order in which they are written.
func (p *pack) relations(part string) ([]relation, error) {
	var rels struct {
		Each []struct {
			ID     string `xml:"Id,attr"`
			Type   string `xml:"Type,attr"`
			Target string `xml:"Target,attr"`
			Mode   string `xml:"TargetMode,attr"`
		} `xml:"Relationship"`
	}
	dir, base := path.Split(part)
	if err := p.unmarshal(dir+"_rels/"+base+".rels", &rels); err != nil {
		return nil, err
	}
	out := make([]relation, 0, len(rels.Each))
	for _, r := range rels.Each {
		target := r.Target
		switch {
		case r.Mode == "External":
			target = ""
		case strings.HasPrefix(target, "/"):
			target = target[1:]
		default:
			target = path.Join(dir, target)
		}
		out = append(out, relation{r.ID, path.Base(r.Type), target})
	}
	return out, nil
}

// coreProperties takes title, author and the like from where all Office formats have them.
func (p *pack) coreProperties(w *writer) error {
	var core struct {
		Title    string `xml:"title"`
		Author   string `xml:"creator"`
		Subject  string `xml:"subject"`
		Keywords string `xml:"keywords"`
		Modified string `xml:"modified"`
	}
	if err := p.unmarshal("docProps/core.xml", &core); err != nil {
		return err
	}
	w.title(core.Title)
	w.set("author", core.Author)
	w.set("subject", core.Subject)
	w.set("keywords", core.Keywords)
	w.set("date", core.Modified)
	return nil
}
