package text_test

import (
	"strings"
	"testing"

	"ragway/retriever/text"
)

func TestDetect(t *testing.T) {
	for _, tt := range []struct{ want, in string }{
		{"en", "The pump must be switched off before the cover is opened, and the filter has to be cleaned at least once in a year."},
		{"de", "Die Pumpe muss ausgeschaltet werden, bevor die Abdeckung geöffnet wird, und der Filter ist mindestens einmal im Jahr zu reinigen."},
		{"fr", "La pompe doit être arrêtée avant l'ouverture du couvercle, et le filtre est nettoyé au moins une fois par an dans les usines."},
		{"es", "La bomba debe apagarse antes de abrir la tapa, y el filtro se limpia por lo menos una vez al año en las plantas del grupo."},
		{"pt", "A bomba deve ser desligada antes de abrir a tampa, e o filtro não é limpo mais do que uma vez por ano nas fábricas do grupo."},
		{"it", "La pompa deve essere spenta prima di aprire il coperchio, e il filtro si pulisce almeno una volta all'anno negli impianti della ditta."},
		{"nl", "De pomp moet worden uitgeschakeld voordat het deksel wordt geopend, en het filter is ten minste een keer per jaar schoon te maken."},
		{"sv", "Pumpen ska stängas av innan locket öppnas, och det är viktigt att filtret rengörs minst en gång om året i de flesta anläggningar."},
		{"fi", "Pumppu on sammutettava ennen kuin kansi avataan, ja suodatin on puhdistettava ainakin kerran vuodessa, mutta ei useammin kuin se on tarpeen."},
		{"hu", "A szivattyút ki kell kapcsolni a fedél felnyitása előtt, és a szűrőt évente legalább egy alkalommal meg kell tisztítani, ha az nem új."},
		{"ro", "Pompa trebuie oprită înainte de a deschide capacul, iar filtrul se curăță cel puțin o dată pe an și nu mai mult, din motive de preț."},
		{"tr", "Kapak açılmadan önce pompa kapatılmalı ve filtre yılda en az bir kez temizlenmelidir, çok kirli ise bu daha sık da yapılır, ama gerekli değil."},
		{"ga", "Caithfear an caidéal a mhúchadh sula n-osclaítear an clúdach, agus ní mór an scagaire a ghlanadh uair sa bhliain ar a laghad, mar atá sé ag obair le huisce."},
		{"ru", "Перед тем как открыть крышку, насос нужно выключить, и фильтр надо чистить не реже чем один раз в год, если он не новый."},
		{"ar", "يجب إيقاف المضخة قبل فتح الغطاء، ولا بد من تنظيف المرشح مرة واحدة في السنة على الأقل إذا كان من النوع القديم الذي لم يتم استبداله."},
		{"no", "Pumpen må slås av før lokket åpnes, og filteret må rengjøres minst en gang i året, hva det enn måtte koste; jeg vet at det ikke er mitt."},
		{"da", "Pumpen skal slukkes, før låget åbnes, og filteret skal renses mindst en gang om året af dem, der bruger det, hvad det end koster mig."},
		{"pl", "Przed otwarciem pokrywy należy wyłączyć pompę, a filtr czyścić co najmniej raz w roku, bo jest to ważne dla jego pracy i nie tylko."},
		{"cs", "Před otevřením krytu je nutné čerpadlo vypnout a filtr se čistí alespoň jednou za rok, protože je to důležité pro jeho provoz, ale také pro cenu."},
		{"uk", "Перед тим як відкрити кришку, насос треба вимкнути, а фільтр чистити не рідше ніж раз на рік, якщо він не новий або це потрібно."},
		{"ca", "La bomba s'ha d'apagar abans d'obrir la tapa, i el filtre es neteja amb aigua almenys una vegada per any als edificis dels que és propietari."},
		{"", "The pump"},
		{"", "func main() { fmt.Println(os.Args[1:], len(os.Args)) } // go run main.go --help -v -x"},
		{"", "M8 × 40 DIN 933 A2-70, M8 × 50 DIN 933 A2-70, M10 × 60 DIN 931, M12 × 80 ISO 4014, ISO 4017, ISO 4032, ISO 7089, ISO 7090"},
		{"", "Berlin, Hamburg, München, Köln, Frankfurt am Main, Stuttgart, Düsseldorf, Leipzig, Dortmund, Essen, Bremen, Dresden"},
		{"", "今天天气很好，我们去公园散步吧。明天可能会下雨，所以要带伞。"},
		{"", ""},
		{"", "\xff\xfe \xe2\x82"},
	} {
		if got := text.Detect(tt.in); got != tt.want {
			t.Errorf("%q is in %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestAutoFindsWordsOfEveryLanguage(t *testing.T) {
	const german = "Die Häuser in den Straßen der Stadt sind alt, und sie werden von der Gemeinde nicht mehr als einmal im Jahr besichtigt."
	for _, tt := range []struct{ name, language, query, document string }{
		{"stem of a reliable language", "auto", "In welchem Haus ist der Müll, und wer hat es in der letzten Zeit für die Gemeinde besichtigt?", german},
		{"exact word", "auto", "Häuser", german},
		{"stem of the list", "en,de", "Hause", german},
		{"English by default", "auto", "cats", "A cat sat here."},
		{"another script", "auto", "городах", "Город стоит."},
		{"list without the document's language", "en,de", "ciudades", "Las ciudades del norte son grandes y no se conocen por su clima en el resto del mundo, pero sí por su puerto."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := text.For(tt.language)
			terms := a.Terms(tt.document)
			for _, q := range a.QueryTerms(tt.query) {
				if contains(terms, q) {
					return
				}
			}
			t.Errorf("query %q meets none of %q", a.QueryTerms(tt.query), terms)
		})
	}
}

func TestListIsInterchangeable(t *testing.T) {
	if text.For("de, EN-us") != text.For("de,en") || text.For("de,de") != text.For("de") || text.For("xx,yy") != text.For("zz") {
		t.Error("one list, two analyzers")
	}
}

func contains(terms []string, term string) bool {
	return strings.Contains(" "+strings.Join(terms, " ")+" ", " "+term+" ")
}
