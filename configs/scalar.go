package configs

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Size counts bytes. It is written with a unit: 20MiB, 512KiB, 1GB, or bare for bytes.
type Size int64

// Binary units.
const (
	KiB Size = 1 << 10
	MiB Size = 1 << 20
	GiB Size = 1 << 30
)

// sizeUnits has the longest suffix first, so that "MiB" is not read as "B".
var sizeUnits = []struct {
	suffix string
	bytes  Size
}{{"KiB", KiB}, {"MiB", MiB}, {"GiB", GiB}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}, {"", 1}}

// ParseSize reads what Size.String writes, and decimal units.
func ParseSize(text string) (Size, error) {
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		bytes := n * float64(u.bytes)
		if err != nil || math.IsNaN(n) || bytes != math.Trunc(bytes) || math.Abs(bytes) >= 1<<62 {
			break
		}
		return Size(bytes), nil
	}
	return 0, fmt.Errorf("%q is not a size: want a number with KiB, MiB or GiB, such as 20MiB", text)
}

func (s Size) String() string {
	for _, u := range []struct {
		suffix string
		bytes  Size
	}{{"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB}} {
		if s != 0 && s%u.bytes == 0 {
			return strconv.FormatInt(int64(s/u.bytes), 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// MarshalYAML writes the unit.
func (s Size) MarshalYAML() (any, error) { return s.String(), nil }

// Alpha is the weight of the dense list in [0,1], or auto: whatever suits the embedder.
type Alpha struct {
	Auto  bool
	Value float64
}

func (a Alpha) String() string {
	if a.Auto {
		return "auto"
	}
	return strconv.FormatFloat(a.Value, 'g', -1, 64)
}

// MarshalYAML writes auto or the number.
func (a Alpha) MarshalYAML() (any, error) {
	if a.Auto {
		return "auto", nil
	}
	return a.Value, nil
}

// setScalar gives v, whose type is one a key can have, the value that text spells. Its
// errors quote text: secrets never come here.
func setScalar(v reflect.Value, text string) error {
	switch p := v.Addr().Interface().(type) {
	case *string:
		*p = text
		return nil
	case *bool:
		return setBool(p, text)
	case *int:
		return setInt(p, text)
	case *float64:
		return setFloat(p, text)
	case **float64:
		*p = new(float64)
		return setFloat(*p, text)
	case *time.Duration:
		return setDuration(p, text)
	case *Size:
		n, err := ParseSize(text)
		if err == nil {
			*p = n
		}
		return err
	case *Alpha:
		return setAlpha(p, text)
	case *[]string:
		*p = splitList(text)
		return nil
	}
	return fmt.Errorf("a value of type %s cannot be written as one word", v.Type())
}

func setBool(p *bool, text string) error {
	if text != "true" && text != "false" {
		return fmt.Errorf("%q is not true or false", text)
	}
	*p = text == "true"
	return nil
}

func setInt(p *int, text string) error {
	n, err := strconv.Atoi(strings.ReplaceAll(text, "_", ""))
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%q is out of range", text)
	}
	if err != nil {
		return fmt.Errorf("%q is not a whole number", text)
	}
	*p = n
	return nil
}

func setFloat(p *float64, text string) error {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return fmt.Errorf("%q is not a number", text)
	}
	*p = n
	return nil
}

func setDuration(p *time.Duration, text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q is not a duration: want a number with ms, s, m or h, such as 30s or 1m30s", text)
	}
	*p = d
	return nil
}

func setAlpha(p *Alpha, text string) error {
	if text == "auto" {
		*p = Alpha{Auto: true}
		return nil
	}
	var value float64
	if err := setFloat(&value, text); err != nil {
		return fmt.Errorf("%q is not auto or a number from 0 to 1", text)
	}
	*p = Alpha{Value: value}
	return nil
}

// splitList reads a,b,c as an environment variable has it; blanks around items go.
func splitList(text string) []string {
	out := []string{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}
