package extract_test

import (
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// A short text is as likely in several encodings, as far as the detector can tell. What it
// is read as must be right, and the same each time: another text would be another version.
func TestShortTextsAreReadTheSameEachTime(t *testing.T) {
	for want, enc := range map[string]encoding.Encoding{
		"名前,年齢,住所\n佐藤太郎,30,東京": japanese.ShiftJIS,
		"姓名,年龄,地址\n张伟,三十,北京市朝阳区建国路\n王芳,二十五,上海市浦东新区世纪大道\n这些是我们的客户，他们都在中国": simplifiedchinese.GBK,
		"姓名,年齡,地址\n陳大文,30,台北市": traditionalchinese.Big5,
	} {
		data, err := enc.NewEncoder().String(want)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if got := textOf(t, "a.txt", data).Text; got != want {
				t.Errorf("read as %q, want %q", got, want)
			}
		}
	}
}
