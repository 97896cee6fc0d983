/** What can go wrong, in German. */
import type { ProblemCatalogue } from './catalogue.ts';

const anotherCopy = 'Wenn Sie eine weitere Kopie dieses Backups haben, versuchen Sie es damit.';
const othersSafe = 'Die anderen Qubes sind nicht betroffen.';
/** Without the list of qubes, each folder of the backup stands in for a qube. */
const withoutList = 'Ob ganze Qubes oder Abbilder fehlen, kann niemand sagen.';

export const problemWords: ProblemCatalogue = {
  // The backup file as a whole
  'source-missing': {
    what: 'Unter {{path}} gibt es keine Datei.',
    why: 'Sie wurde vielleicht verschoben oder umbenannt, oder das Laufwerk ist nicht angeschlossen.',
    todo: 'Schließen Sie das Laufwerk an oder wählen Sie das Backup noch einmal.',
  },
  'source-unreadable': {
    what: 'Das Backup konnte nicht gelesen werden.',
    why: 'Das System meldet „{{reason}}“ für {{path}}. Das Laufwerk ist vielleicht beschädigt, oder die Datei gehört jemand anderem.',
    todo: 'Prüfen Sie das Kabel und die Zugriffsrechte der Datei und versuchen Sie es noch einmal. Wenn das Laufwerk Geräusche macht oder hängt, kopieren Sie die Datei zuerst auf ein gesundes Laufwerk.',
  },
  'source-bad-place': {
    what: 'Das Laufwerk konnte eine Stelle nicht lesen, die hier gebraucht wird.',
    why: 'Es versagt bei Byte {{position}} und antwortet anderswo: Dort ist das Laufwerk beschädigt.',
    todo: 'Kopieren Sie bald alles, was noch lesbar ist, auf ein gesundes Laufwerk. Schreiben Sie nichts darauf.',
  },
  'source-unsteady': {
    what: 'Das Laufwerk versagte an einer Stelle, die es einen Augenblick später lesen konnte.',
    why: 'Das war bei Byte {{position}}. Ein lockeres Kabel, eine schwache Stromversorgung oder ein beginnender Defekt kann die Ursache sein.',
    todo: 'Nehmen Sie ein anderes Kabel oder einen anderen Anschluss und versuchen Sie es noch einmal. Kopieren Sie das Backup bald auf ein anderes Laufwerk.',
  },
  'source-places-bad': {
    what: 'Stellen des Backups, die das Laufwerk nicht lesen konnte: {{count}}.',
    why: 'Die erste liegt bei Byte {{first}}. Jede wurde einmal gelesen; der Bericht zählt sie auf.',
    todo: 'Kopieren Sie das Backup auf ein gesundes Laufwerk, mit einem Programm wie ddrescue, das schlechte Stellen öfter versucht, und stellen Sie aus der Kopie wieder her.',
  },
  'source-lost': {
    what: 'Das Laufwerk mit dem Backup ist nicht mehr da.',
    why: 'Es wurde abgezogen, ist eingeschlafen oder antwortet nicht mehr ({{reason}}).',
    todo: 'Schließen Sie das Laufwerk wieder an und machen Sie weiter. Alles Fertige bleibt erhalten.',
  },
  'source-exchanged': {
    what: 'Statt der Datei, die gerade gelesen wurde, ist jetzt eine andere da.',
    why: 'Das Laufwerk war kurz weg. Was jetzt unter {{path}} liegt, hat einen anderen Inhalt.',
    todo: 'Schließen Sie das Laufwerk mit der richtigen Datei an und machen Sie weiter. Alles Fertige bleibt erhalten.',
  },
  'source-not-a-file': {
    what: '{{path}} ist keine Datei.',
    why: 'Ein Qubes-Backup ist eine einzige Datei; meist heißt sie qubes-backup- und ein Datum.',
    todo: 'Wählen Sie die Backup-Datei selbst oder den Ordner, in den sie entpackt wurde. Einen Datenstrom speichern Sie zuerst als Datei.',
  },
  'source-is-pipe': {
    what: 'Dieses Backup kommt durch eine Pipe ({{path}}). Eine Pipe lässt sich nur einmal lesen, von Anfang bis Ende.',
    why: 'Lifeboat liest ein Backup an mehreren Stellen zugleich und beschädigte Stellen noch einmal.',
    todo: 'Nennen Sie mit --spool DIR einen Ordner. Lifeboat kopiert das Backup zuerst dorthin und löscht die Kopie am Ende. Der Ordner braucht so viel freien Platz, wie das Backup groß ist.',
  },
  'pipe-empty': {
    what: 'Durch die Pipe ({{path}}) kam nichts.',
    why: 'Das Programm, das das Backup schicken sollte, hat sich beendet, ohne etwas zu schicken.',
    todo: 'Lesen Sie, was dieses Programm meldet, berichtigen Sie seinen Befehl und versuchen Sie es noch einmal.',
  },
  'spool-full': {
    what: 'Für die Kopie des Backups ist kein Platz mehr.',
    why: '{{copied, size}} aus der Pipe wurden nach {{path}} kopiert, und es kommt noch mehr. Die Kopie wurde gelöscht.',
    todo: 'Schaffen Sie Platz, oder nennen Sie mit --spool einen Ordner auf einem anderen Laufwerk. Er braucht so viel freien Platz, wie das Backup groß ist.',
  },
  'device-empty': {
    what: 'Das Laufwerk unter {{path}} liefert keine Daten.',
    why: 'Vielleicht ist keine Karte oder kein Datenträger eingelegt, oder es startet noch. Das heißt nicht, dass es leer ist.',
    todo: 'Legen Sie den Datenträger ein, oder schließen Sie das Laufwerk neu an. Versuchen Sie es dann noch einmal.',
  },
  'too-many-open-files': {
    what: '{{path}} ließ sich nicht öffnen.',
    why: 'Dieses Programm, oder alle zusammen, haben so viele Dateien offen, wie das System erlaubt.',
    todo: 'Schließen Sie andere Programme oder erhöhen Sie die Grenze (ulimit -n), und versuchen Sie es dann noch einmal. Alles Fertige bleibt erhalten.',
  },
  'part-missing': {
    what: 'Ein Teil dieses Backups fehlt: {{part}}.',
    why: 'Das Backup wurde in Teile zerlegt, und alle werden gebraucht. Spätere Teile sind da, dieser nicht.',
    todo: 'Kopieren Sie den fehlenden Teil zu den anderen, und wählen Sie den ersten Teil noch einmal. Ist er verloren, öffnen Sie den ersten Teil allein (--alone): Was darin ist, lässt sich wiederherstellen.',
  },
  'part-not-first': {
    what: 'Das ist ein späterer Teil eines Backups.',
    why: 'Das Backup wurde in Teile zerlegt. Geöffnet wird es über den ersten.',
    todo: 'Wählen Sie {{first}}; die anderen findet Lifeboat dann selbst.',
  },
  'parts-beside': {
    what: 'Neben diesem Backup liegen Dateien mit ähnlichen Namen: {{names}}.',
    why: 'Das Backup endet zu früh. Wurde es in Teile zerlegt, dann könnten das die anderen sein (insgesamt {{count}}). Ihr Inhalt beweist es aber nicht.',
    todo: 'Sind es seine Teile, dann wählen Sie alle Teile zusammen, oder nennen Sie sie der Reihe nach mit --part.',
  },
  'not-a-backup': {
    what: 'Diese Datei ist kein Qubes-Backup.',
    why: 'Ein Qubes-Backup beginnt mit einem Teil namens backup-header, diese Datei nicht.',
    todo: 'Sollte sie ein Backup sein, dann ist ihr Anfang beschädigt: Versuchen Sie eine andere Kopie. Ist sie ein späterer Teil eines Backups, dann nennen Sie alle Teile der Reihe nach. Ein Abbild öffnen Sie mit „lifeboat ls“.',
  },
  'backup-wrapped': {
    what: 'Diese Datei wurde von {{by}} gepackt oder verschlüsselt.',
    why: 'Darin kann ein Qubes-Backup sein. Lifeboat liest ein Backup an vielen Stellen; durch {{by}} hindurch geht das nicht.',
    todo: 'Entpacken oder entschlüsseln Sie die Datei mit dem Befehl darunter, und öffnen Sie dann, was herauskommt.',
  },
  'looks-encrypted': {
    what: 'Diese Datei sieht verschlüsselt aus, und nichts verrät, von welchem Programm.',
    why: 'Sie beginnt mit Bytes wie Rauschen, so wie ein Container von VeraCrypt. Ein Backup, dessen Anfang überschrieben wurde, sieht genauso aus.',
    todo: 'Ist sie ein Container von VeraCrypt oder ein verschlüsseltes Laufwerk, dann öffnen Sie sie mit diesem Programm, und wählen Sie das Backup darin.',
  },
  'backup-is-format-1': {
    what: 'Dieses Backup ist älter, als Lifeboat lesen kann.',
    why: 'Es hat das Format 1 aus der Zeit vor Qubes 2: ein Ordner mit gewöhnlichen Dateien.',
    todo: 'Die Abbilder in diesem Ordner lassen sich direkt öffnen, ganz ohne Wiederherstellung.',
  },
  'version-unsupported': {
    what: 'Dieses Backup hat das Format {{version}}, das Lifeboat nicht kennt.',
    why: 'Es stammt von einer neueren Qubes-Version, oder sein Kopf ist beschädigt.',
    todo: 'Suchen Sie nach einer neueren Version von Lifeboat.',
  },
  'backup-truncated': {
    what: 'Die Backup-Datei endet zu früh.',
    why: 'Sie hört nach {{size, size}} auf, mitten in {{member}} oder gleich dahinter. Der Datenträger war beim Sichern voll, oder das Kopieren brach ab.',
    todo: 'Was davor liegt, lässt sich wiederherstellen. Wenn Sie eine längere Kopie haben, nehmen Sie diese.',
  },
  'container-damaged': {
    what: 'Ein Teil der Backup-Datei ergibt keinen Sinn.',
    why: 'Er beginnt nach {{offset, size}} der Datei. Der Datenträger oder die Kopie ist fehlerhaft, oder in der Datei war vorher ein älteres, längeres Backup.',
    todo: `Was lesbar ist, wird trotzdem wiederhergestellt. ${anotherCopy}`,
  },
  'container-member-lost': {
    what: 'Eine Datei im Backup hat ihren Namen verloren.',
    why: 'Die Stelle, die sie nennt ({{offset, size}} nach dem Anfang der Backup-Datei), ist beschädigt. Es kann eine Datei sein, von der die Liste der Qubes nichts weiß, etwa die Firewall-Regeln eines Qubes.',
    todo: `Alles andere wird trotzdem wiederhergestellt. ${anotherCopy}`,
  },
  'data-behind-end': {
    what: 'Die Backup-Datei geht hinter dem Ende des Backups weiter.',
    why: 'Das Backup endet nach {{offset, size}}. Der Rest, {{size, size}}, ist etwas anderes: zum Beispiel leerer Platz eines Laufwerks oder etwas, das an die Datei angehängt wurde.',
    todo: 'Nichts, wenn alle Qubes da sind. Fehlen welche, wurde das Backup nicht bis zum Ende kopiert.',
  },
  'files-of-another-backup': {
    what: 'Die Backup-Datei enthält auch Dateien eines anderen Backups: {{count}}.',
    why: '{{name}} und andere wurden für ein anderes Backup versiegelt. In dieser Datei war vorher ein älteres, längeres.',
    todo: 'Nichts. Diese Dateien bleiben weg.',
  },
  'container-too-long': {
    what: 'Dieses Backup hat mehr Teile, als ein echtes haben könnte.',
    why: 'Lifeboat hört bei {{limit}} auf zu zählen, damit eine gefälschte Datei nicht den Arbeitsspeicher füllt.',
    todo: 'Wenn Sie diesem Backup vertrauen, melden Sie es bitte denen, die Lifeboat entwickeln.',
  },
  'member-name-unsafe': {
    what: 'Ein Teil des Backups wurde ausgelassen: {{name}}.',
    why: 'Sein Name zeigt aus dem Backup hinaus. Qubes schreibt solche Namen nie.',
    todo: 'Der Rest lässt sich wiederherstellen. Seien Sie vorsichtig mit dieser Datei, wenn Sie nicht wissen, woher sie kommt.',
  },
  'member-name-foreign': {
    what: 'Ein Teil des Backups wurde ausgelassen: {{name}}.',
    why: 'Qubes schreibt nie einen solchen Namen. Vielleicht hat jemand das in die Datei getan.',
    todo: 'Nichts. Das Backup selbst lässt sich wiederherstellen.',
  },
  'member-repeated': {
    what: 'Das Backup enthält {{name}} zweimal.',
    why: 'Vielleicht wurden zwei Backups in eine Datei geschrieben. Wie in Qubes zählt der erste Teil.',
    todo: 'Nichts, solange kein Qube unvollständig ist.',
  },
  'member-unexplained': {
    what: 'Das Backup enthält einen Teil, der zu keinem Qube gehört: {{name}}.',
    why: 'Die Liste der Qubes erwähnt ihn nicht.',
    todo: 'Er wird unter dem Namen (unlisted) angeboten, wo er sich wiederherstellen lässt.',
  },

  // Header and passphrase
  'header-missing': {
    what: 'Der Anfang dieses Backups fehlt.',
    why: 'Es enthält die Datei backup-header nicht, die sagt, wie der Rest zu lesen ist. Nur eine versiegelte Kopie davon kann sie ersetzen; Qubes OS lehnt ein solches Backup ab.',
    todo: anotherCopy,
  },
  'header-malformed': {
    what: 'Der Kopf dieses Backups ist nicht zu verstehen.',
    why: 'Er ist beschädigt oder wurde verändert: {{detail}}.',
    todo: anotherCopy,
  },
  'header-seal-missing': {
    what: 'Das Siegel dieses Backups fehlt.',
    why: 'Ohne Siegel lassen sich weder die Passphrase noch das Backup prüfen.',
    todo: anotherCopy,
  },
  'header-seal-damaged': {
    what: 'Das Siegel dieses Backups ist beschädigt.',
    why: 'Der Teil, der die Passphrase beweist, hat sich seit dem Sichern verändert. Ihre Passphrase kann durchaus richtig sein.',
    todo: anotherCopy,
  },
  'header-not-authentic': {
    what: 'Der Kopf dieses Backups ist beschädigt, oder jemand hat ihn verändert.',
    why: 'Er weicht von seiner versiegelten Kopie ab. Die Passphrase beweist die versiegelte Kopie, darum richtet sich Lifeboat nach ihr und prüft jedes Byte vom Rest. Qubes OS lehnt ein solches Backup ab.',
    todo: `Stellen Sie wieder her, was Sie brauchen. ${anotherCopy}`,
  },
  'backup-not-sealed': {
    what: 'Dieses Backup ist weder verschlüsselt noch durch seine Passphrase geschützt.',
    why: 'Wo sein Siegel sein sollte, steht nur eine Kopie seines Kopfes. Jemand hat das Programm scrypt ersetzt, als es gemacht wurde. Wer an die Datei kam, konnte sie unbemerkt ändern.',
    todo: 'Wenn Sie der Datei vertrauen, öffnen Sie sie trotzdem: mit --accept-unsealed oder mit dem Kästchen unter der Passphrase.',
  },
  'passphrase-rejected': {
    what: 'Diese Passphrase öffnet das Backup nicht.',
    why: 'Feststelltaste, Tastaturbelegung oder ein Leerzeichen können anders sein als beim Sichern. Ein beschädigter Kopf sieht genauso aus.',
    todo: 'Lassen Sie die Passphrase anzeigen, prüfen Sie jedes Zeichen und versuchen Sie es noch einmal, so oft Sie möchten.',
  },

  // Key derivation
  'derivation-parameters-invalid': {
    what: 'Dieses Backup verlangt eine unmögliche Schlüsselberechnung.',
    why: 'Deren Parameter (N = 2^{{logN}}, r = {{r}}, p = {{p}}) sind beschädigt oder gefälscht.',
    todo: anotherCopy,
  },
  'derivation-needs-memory': {
    what: 'Für dieses Backup wird mehr Arbeitsspeicher gebraucht.',
    why: 'Die Berechnung seiner Schlüssel braucht {{needed, memory}}; erlaubt sind {{allowed, memory}}.',
    todo: 'Schließen Sie andere Programme oder erlauben Sie unter „Erweitert“ mehr Arbeitsspeicher und versuchen Sie es noch einmal.',
  },
  'derivation-slow': {
    what: 'Den Schlüssel dieses Backups zu berechnen würde etwa {{seconds, duration}} dauern.',
    why: 'Das Backup verlangt weit mehr Rechenarbeit als Qubes OS. Sein Kopf kann beschädigt oder gefälscht sein.',
    todo: 'Versuchen Sie es mit einer anderen Kopie des Backups. Haben Sie es selbst so angelegt, dann erlauben Sie die lange Berechnung.',
  },
  'derivation-self-test-failed': {
    what: 'Dieser Computer berechnet Schlüssel falsch.',
    why: 'Der eingebaute Test von „{{kernel}}“ ist fehlgeschlagen. Ursache kann fehlerhafter Arbeitsspeicher oder ein übertakteter Prozessor sein.',
    todo: 'Starten Sie den Computer neu und versuchen Sie es noch einmal, oder nehmen Sie einen anderen.',
  },
  'derivation-interrupted': {
    what: 'Die Berechnung eines Schlüssels wurde unterbrochen.',
    why: 'Der Programmteil, der Schlüssel berechnet, ist nicht mehr da ({{reason}}). Zu wenig Arbeitsspeicher kann die Ursache sein.',
    todo: 'Schließen Sie andere Programme und versuchen Sie es noch einmal. Alles Fertige bleibt erhalten.',
  },

  // Chunks
  'chunk-missing': {
    what: 'Ein Stück von {{file}} fehlt.',
    why: 'Stück {{chunk}} ist nicht im Backup. Es wurde nicht geschrieben, oder die Datei ist abgeschnitten.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'chunk-too-short': {
    what: 'Ein Stück von {{file}} ist zu kurz, um echt zu sein.',
    why: 'Stück {{chunk}} fehlt der Anfang oder das Ende.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'chunk-header-damaged': {
    what: 'Ein Teil von {{file}} ließ sich nicht öffnen.',
    why: 'Der Anfang von Stück {{chunk}} ist beschädigt. Die Passphrase stimmt.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'chunk-not-authentic': {
    what: 'Ein Teil von {{file}} gehört nicht zu diesem Backup.',
    why: 'Stück {{chunk}} wurde unter anderem Namen oder mit anderer Passphrase versiegelt, oder sein Anfang ist beschädigt. Ihre Passphrase stimmt.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'chunk-damaged': {
    what: 'Ein Teil von {{file}} ist beschädigt.',
    why: 'Stück {{chunk}} passt nicht mehr zu seinem Siegel: Es liegt am Datenträger oder an der Kopie. Die Passphrase stimmt.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'chunk-out-of-sequence': {
    what: 'Ein Teil von {{file}} steht an der falschen Stelle.',
    why: 'Stück {{chunk}} setzt nicht dort fort, wo das Stück davor endet. Stücke wurden vertauscht oder wiederholt. Ihre Passphrase stimmt.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'chunk-unreadable': {
    what: 'Das Laufwerk konnte einen Teil von {{file}} nicht lesen.',
    why: 'Stück {{chunk}} liegt auf einer beschädigten Stelle des Laufwerks. Es wurde zweimal versucht; der Rest des Laufwerks antwortet noch.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'chunk-not-sealed': {
    what: 'Ein Teil von {{file}} ist nicht verschlüsselt.',
    why: 'Stück {{chunk}} trägt kein Siegel; niemand kann sagen, ob es das ist, was gesichert wurde.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'data-behind-file': {
    what: '{{file}} ist vollständig, obwohl Stück {{chunk}} nicht zu gebrauchen war.',
    why: 'Die Datei endet vor diesem Stück. Es kann von einem älteren, längeren Backup übrig sein, das vorher in dieser Backup-Datei war.',
    todo: 'Nichts. Alles, was zu {{file}} gehört, wurde geprüft.',
  },
  'chunks-exchangeable': {
    what: 'Ob Stücke dieses Backups vertauscht wurden, lässt sich nicht erkennen.',
    why: 'Qubes OS 3 hat es unkomprimiert gesichert. Jedes Stück wird geprüft, nicht aber sein Platz: Wer die Datei verändern konnte, kann Stücke vertauscht haben, auch mit denen eines anderen Backups mit derselben Passphrase.',
    todo: 'Nichts, wenn nur Sie Zugang zu der Datei hatten. Vergleichen Sie sonst das Wiederhergestellte mit einer anderen Kopie.',
  },
  'chunk-slow': {
    what: 'Stück {{chunk}} von {{file}} wurde ausgelassen: Sein Schlüssel würde etwa {{seconds, duration}} brauchen.',
    why: 'Das Stück verlangt weit mehr Rechenarbeit als die anderen dieses Backups. Sein Anfang kann beschädigt oder gefälscht sein.',
    todo: `Versuchen Sie es mit einer anderen Kopie des Backups, oder erlauben Sie langsame Stücke und stellen Sie noch einmal wieder her. ${othersSafe}`,
  },
  'chunk-unstable': {
    what: 'Ein Teil von {{file}} stimmte erst beim zweiten Lesen.',
    why: 'Stück {{chunk}} las sich zweimal verschieden. Das Laufwerk, sein Kabel oder der Arbeitsspeicher dieses Computers ist unzuverlässig.',
    todo: 'Die wiederhergestellten Daten sind geprüft. Kopieren Sie das Backup bald auf ein gesundes Laufwerk.',
  },
  'part-unplaced': {
    what: 'Ein unbeschädigter Teil von {{file}} musste wegbleiben.',
    why: 'Er ist mit {{compression}} komprimiert, und hinter beschädigten Stücken verrät nichts, wohin in der Datei er gehört.',
    todo: anotherCopy,
  },
  'piece-saved': {
    what: 'Ein Teil von {{file}} mit {{size, size}} ist unversehrt, hat aber seinen Platz verloren.',
    why: 'Er liegt hinter einer beschädigten Stelle, und nichts sagt, wie weit dahinter. Er steht neben der Datei als {{piece}}.',
    todo: 'Programme, die auf beschädigten Datenträgern Dokumente und Bilder finden, etwa PhotoRec, können ihn danach durchsuchen.',
  },
  'salvage-kept': {
    what: 'Eine frühere Wiederherstellung hat von {{file}} mehr gerettet.',
    why: 'Sie hat Teile, die diesmal nicht zu retten waren.',
    todo: 'Was sie gerettet hat, bleibt unter {{path}}.',
  },
  'file-whole': {
    what: '{{file}} ist vollständig, obwohl ihr Ende im Backup es nicht ist.',
    why: 'Was dort beschädigt ist oder fehlt, enthielt nichts von ihrem Inhalt. Jedes Byte der Datei wurde bestätigt.',
    todo: 'Für diese Datei nichts. Kopieren Sie das Backup bald auf einen heilen Datenträger.',
  },
  'file-salvaged': {
    what: 'In {{file}} sind {{lost, size}} von {{size, size}} verloren.',
    why: 'Sie lesen sich als Nullen; alles andere wurde bestätigt und gerettet. Die Karte {{map}} sagt, welche Bytes verloren sind.',
    todo: 'Kopieren Sie die Dateien, die Sie brauchen, heraus, bevor Sie etwas daran ändern.',
  },
  'file-salvageable': {
    what: 'In {{file}} sind {{lost, size}} von {{size, size}} verloren.',
    why: 'Alles andere darin wurde bestätigt. Eine Wiederherstellung rettet es und setzt Nullen an die Stelle des Verlorenen.',
    todo: `Stellen Sie die Datei wieder her, um den Rest zu bekommen. ${anotherCopy}`,
  },
  'piece-salvageable': {
    what: 'Ein Teil von {{file}} mit {{size, size}} ist unversehrt, hat aber seinen Platz verloren.',
    why: 'Er liegt hinter einer beschädigten Stelle, und nichts sagt, wie weit dahinter. Eine Wiederherstellung rettet ihn in eine Datei daneben.',
    todo: 'Stellen Sie die Datei wieder her. Programme, die auf beschädigten Datenträgern Dokumente und Bilder finden, etwa PhotoRec, können diesen Teil dann durchsuchen.',
  },
  'chunk-unauthenticated': {
    what: 'Ein Stück von {{file}} wurde ohne jede Prüfung übernommen.',
    why: 'Stück {{chunk}} ist weder verschlüsselt noch beglaubigt. Niemand kann sagen, ob es noch ist, wie es gesichert wurde.',
    todo: 'Behandeln Sie diese Datei, als käme sie von Fremden.',
  },

  // Streams and archives inside
  'cipher-unsupported': {
    what: 'Dieses Backup ist mit {{cipher}} verschlüsselt, was dieses Programm nicht entschlüsseln kann.',
    why: 'Die Kryptografie, die dieses Programm mitbringt, kennt das Verfahren nicht.',
    todo: 'Stellen Sie es mit der Kommandozeile von Lifeboat unter Node.js wieder her, oder mit openssl nach dem offiziellen Verfahren.',
  },
  'digest-unsupported': {
    what: 'Dieses Backup ist mit {{digest}} beglaubigt, was dieses Programm nicht prüfen kann.',
    why: 'Die Kryptografie, die dieses Programm mitbringt, kennt das Verfahren nicht.',
    todo: 'Stellen Sie es mit der Kommandozeile von Lifeboat unter Node.js wieder her, oder mit openssl nach dem offiziellen Verfahren.',
  },
  'compression-unsupported': {
    what: 'Dieses Backup ist auf eine Weise komprimiert, die Lifeboat nicht kennt.',
    why: 'Sein Kopf nennt das Programm „{{filter}}“.',
    todo: 'Stellen Sie es auf einem Qubes-Computer wieder her, der dieses Programm hat.',
  },
  'compression-needs-newer-node': {
    what: 'Das Node.js auf diesem Computer ist zu alt für dieses Backup.',
    why: 'Das Backup ist mit {{compression}} komprimiert, was Node.js ab Version 22.15 liest. Dies ist {{node}}.',
    todo: 'Nehmen Sie die Lifeboat-App, oder führen Sie denselben Befehl mit einem neueren Node.js von nodejs.org aus. Das Backup selbst ist in Ordnung.',
  },
  'compression-differs': {
    what: '{{file}} ist anders komprimiert, als der Kopf sagt.',
    why: 'Der Kopf sagt {{named}}, die Daten sind {{found}}. Die Daten zählen.',
    todo: 'Nichts; der Inhalt wird so oder so geprüft.',
  },
  'stream-damaged': {
    what: '{{file}} lässt sich nicht entpacken.',
    why: 'Die komprimierten Daten ({{compression}}) sind fehlerhaft, obwohl ihr Siegel unversehrt ist: Sie waren es schon beim Sichern.',
    todo: `Was vor dem Fehler liegt, bleibt nach Möglichkeit erhalten. ${othersSafe}`,
  },
  'stream-unfinished': {
    what: '{{file}} endet zu früh.',
    why: 'Die letzten Stücke fehlen im Backup.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'stream-overlong': {
    what: 'Nach dem Ende von {{file}} folgen weitere Daten.',
    why: 'Qubes schreibt so etwas nie; sie sind beschädigt oder gefälscht.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'archive-malformed': {
    what: 'Das Archiv von {{file}} ist fehlerhaft.',
    why: 'Die Daten sind unversehrt, ergeben aber kein Archiv: {{detail}}.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'archive-member-unexpected': {
    what: 'Das Archiv von {{file}} enthält etwas anderes.',
    why: 'Es enthält {{found}}. So etwas schreibt Qubes nie; vielleicht wurden Stücke vertauscht.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'sparse-map-invalid': {
    what: 'Die Aufteilung von {{file}} ist fehlerhaft.',
    why: 'Das Verzeichnis der leeren Bereiche widerspricht sich: {{detail}}.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'size-mismatch': {
    what: '{{file}} hat nicht die Größe, die es haben sollte.',
    why: 'Es sollten {{expected, size}} sein, gefunden wurden {{found, size}}.',
    todo: `Betrachten Sie es als unvollständig. ${anotherCopy}`,
  },
  'file-is-link': {
    what: '{{file}} ist in diesem Backup nur eine Verknüpfung.',
    why: 'Sie führte auf dem gesicherten Computer zu {{target}}. Qubes OS bis 3.0 hat Symbole so gesichert.',
    todo: 'Nichts. Dafür wurde keine Datei geschrieben, und von der Qube fehlen keine Daten.',
  },
  'content-is-link': {
    what: 'Der Inhalt von {{file}} ist nicht im Backup.',
    why: 'Beim Sichern war es eine Verknüpfung zu {{target}}, und nur sie wurde gespeichert.',
    todo: 'Suchen Sie den Inhalt auf dem Datenträger, zu dem die Verknüpfung führte, oder in einem anderen Backup.',
  },
  'entry-renamed': {
    what: '{{from}} wurde als {{to}} gespeichert.',
    why: 'Der ursprüngliche Name ist auf diesem Laufwerk nicht möglich.',
    todo: 'Nichts; der Inhalt ist unverändert.',
  },
  'entry-numbered': {
    what: '{{from}} wurde als {{to}} gespeichert.',
    why: 'Dort heißt schon etwas anderes so, oder so ähnlich, dass dieses Laufwerk beide Namen nicht unterscheidet.',
    todo: 'Nichts; der Inhalt ist unverändert.',
  },
  'entry-leads-out': {
    what: '{{path}} wurde ausgelassen.',
    why: 'Der Pfad führt aus dem Ordner hinaus, zu dem der Eintrag gehört.',
    todo: 'Nichts; Qubes OS hat so einen Eintrag nie erzeugt.',
  },
  'entry-is-special': {
    what: '{{path}} wurde ausgelassen.',
    why: 'Es ist ein Gerät, eine Pipe oder ein Socket und hat keinen Inhalt.',
    todo: 'Nichts; Programme legen solche Einträge bei Bedarf neu an.',
  },
  'link-leads-out': {
    what: 'Die Verknüpfung {{path}} wurde ausgelassen.',
    why: 'Sie zeigte auf {{target}}, außerhalb des wiederhergestellten Ordners. Auf diesem Computer könnte sie zu Ihren eigenen Dateien führen.',
    todo: 'Nichts, es sei denn, Sie vermissen sie. Sie können die Verknüpfung von Hand neu anlegen.',
  },
  'link-has-no-original': {
    what: 'Die Verknüpfung {{path}} wurde ausgelassen.',
    why: 'Sie ist ein zweiter Name für {{target}}, das nicht im Backup liegt.',
    todo: 'Suchen Sie {{target}} in einem anderen Backup, wenn Sie es brauchen.',
  },
  'links-not-supported': {
    what: 'Die Verknüpfung {{path}} wurde ausgelassen.',
    why: 'Dieses Laufwerk oder System erlaubt keine Verknüpfungen. Sie zeigte auf {{target}}.',
    todo: 'Öffnen Sie {{target}} direkt, oder stellen Sie auf einem Laufwerk wieder her, das Verknüpfungen kennt.',
  },

  // The list of qubes
  'qubes-xml-missing': {
    what: 'Die Liste der Qubes fehlt in diesem Backup.',
    why: `Ohne sie sind Namen und Einstellungen der Qubes nicht bekannt. ${withoutList}`,
    todo: anotherCopy,
  },
  'qubes-xml-malformed': {
    what: 'Die Liste der Qubes lässt sich nicht lesen.',
    why: `Sie ist fehlerhaft: {{detail}}. ${withoutList}`,
    todo: anotherCopy,
  },
  'qubes-xml-unreadable': {
    what: 'Die Liste der Qubes ist beschädigt oder auf diesem Computer nicht lesbar.',
    why: `Beim Lesen trat das Problem {{reason}} auf. ${withoutList}`,
    todo: anotherCopy,
  },
  'qubes-none': {
    what: 'Dieses Backup enthält keinen Qube.',
    why: 'Seine Liste nennt keinen Qube als gesichert, und es gibt auch keine anderen Dateien darin.',
    todo: 'Suchen Sie ein anderes Backup.',
  },
  'qube-unknown': {
    what: 'In diesem Backup gibt es keinen Qube namens {{qube}}.',
    why: 'Groß- und Kleinschreibung zählen, und die Liste der Qubes erwähnt ihn nicht.',
    todo: 'Wählen Sie einen Qube aus der Liste.',
  },
  'qube-not-included': {
    what: '{{qube}} ist nicht in diesem Backup.',
    why: 'Der Qube war beim Sichern da, wurde aber nicht mitgesichert.',
    todo: 'Suchen Sie ihn in einem anderen Backup.',
  },
  'qube-has-no-files': {
    what: 'Der Qube {{qube}} ist verloren.',
    why: 'Die Liste der Qubes sagt, dass er im Backup ist, aber keine seiner Dateien ist da.',
    todo: anotherCopy,
  },
  'qube-cut-off': {
    what: 'Der Qube {{qube}} ist verloren.',
    why: 'Die Backup-Datei endet vor den Dateien dieses Qubes.',
    todo: 'Wenn Sie eine längere Kopie dieses Backups haben, nehmen Sie diese.',
  },
  'volume-missing': {
    what: 'Von {{qube}} fehlt das Volume {{volume}}.',
    why: 'Jeder Qube dieser Art wird damit gesichert, aber das Backup enthält es nicht. Vielleicht ist die Backup-Datei abgeschnitten.',
    todo: anotherCopy,
  },

  // Destination
  'dest-missing': {
    what: '{{path}} gibt es nicht.',
    why: 'Der Ordner wurde vielleicht verschoben oder gelöscht, oder sein Laufwerk ist nicht angeschlossen.',
    todo: 'Schließen Sie das Laufwerk an oder wählen Sie einen anderen Ordner.',
  },
  'dest-not-a-folder': {
    what: '{{path}} ist kein Ordner.',
    why: 'Wiederhergestellte Dateien brauchen einen Ordner.',
    todo: 'Wählen Sie einen Ordner.',
  },
  'dest-read-only': {
    what: 'Nach {{path}} lässt sich nichts schreiben.',
    why: 'Das Laufwerk ist schreibgeschützt: durch einen Schalter, als CD oder DVD, oder weil es nicht sauber getrennt wurde.',
    todo: 'Heben Sie den Schreibschutz auf oder wählen Sie einen anderen Ordner.',
  },
  'dest-denied': {
    what: 'Sie dürfen nicht nach {{path}} schreiben.',
    why: 'Das System hat es abgelehnt. Vielleicht gehört der Ordner jemand anderem, oder ein Programm wie ein Virenscanner sperrt ihn.',
    todo: 'Wählen Sie einen eigenen Ordner, zum Beispiel in Ihrem persönlichen Ordner.',
  },
  'dest-full': {
    what: 'Der Platz reicht nicht.',
    why: 'Gebraucht werden {{needed, size}}, frei sind {{free, size}}.',
    todo: 'Schaffen Sie Platz, wählen Sie weniger aus, oder nehmen Sie ein anderes Laufwerk.',
  },
  'dest-may-fill': {
    what: 'Der Platz könnte knapp werden.',
    why: 'Gebraucht werden bis zu {{needed, size}}, frei sind {{free, size}}. Abbilder sind oft zum Teil leer und brauchen dann weniger.',
    todo: 'Sie können es versuchen: Was fertig ist, bleibt, wenn das Laufwerk voll wird. Ein größeres ist sicherer.',
  },
  'dest-stores-holes': {
    what: 'Dieses Laufwerk ist mit {{fileSystem}} formatiert.',
    why: 'Es speichert auch die leeren Teile von Abbildern; sie brauchen ihre volle Größe und mehr Zeit. Verknüpfungen im persönlichen Ordner von dom0 kann es nicht behalten.',
    todo: 'Wenn Sie die Wahl haben, passt ext4, Btrfs, XFS oder APFS besser.',
  },
  'dest-ran-full': {
    what: 'Das Ziellaufwerk ist voll.',
    why: 'Für {{path}} war kein Platz mehr.',
    todo: 'Schaffen Sie Platz und stellen Sie wieder her, was noch fehlt.',
  },
  'dest-file-limit': {
    what: 'Dieses Laufwerk fasst keine Dateien über {{limit, size}}.',
    why: '{{path}} wäre größer. Das Laufwerk ist mit FAT32 oder einem ähnlich alten Dateisystem formatiert, oder das System begrenzt, wie groß Dateien werden dürfen (ulimit -f).',
    todo: 'Wählen Sie ein Laufwerk mit exFAT, NTFS, ext4 oder APFS. Hat es schon eines davon, erhöhen Sie diese Grenze.',
  },
  'dest-occupied': {
    what: 'Unter {{path}} gibt es schon etwas.',
    why: 'Lifeboat ersetzt nie, was schon da ist.',
    todo: 'Wählen Sie einen anderen Ordner oder verschieben Sie, was dort liegt.',
  },
  'dest-files-occupied': {
    what: '{{count}} Dateien sind schon da, darunter {{path}}.',
    why: 'Lifeboat ersetzt nie, was schon da ist, und kann nicht erkennen, dass es diese einmal wiederhergestellt hat.',
    todo: 'Wählen Sie einen anderen Ordner oder verschieben Sie die Dateien.',
  },
  'kit-exists': {
    what: 'Ein Notfallkoffer ist schon da: {{path}}.',
    why: 'Lifeboat ersetzt nie, was schon da ist.',
    todo: 'Mehr ist nicht zu tun. Möchten Sie trotzdem einen neuen, verschieben Sie zuerst den alten.',
  },
  'dest-name-invalid': {
    what: '„{{name}}“ kann kein Ordner heißen.',
    why: 'Der Name ist zu lang oder enthält ein Zeichen, das dieses Laufwerk nicht erlaubt, etwa / oder \\.',
    todo: 'Geben Sie einen anderen Namen ein.',
  },
  'dest-name-refused': {
    what: '{{path}} konnte nicht geschrieben werden.',
    why: 'Dieses Laufwerk erlaubt den Namen nicht, oder keinen so langen Pfad.',
    todo: 'Wählen Sie ein anderes Laufwerk oder ein Ziel mit kürzerem Pfad.',
  },
  'file-unnamed': {
    what: '{{path}} ist vollständig, konnte aber seinen Namen nicht bekommen.',
    why: 'Der ganze Inhalt wurde geschrieben und geprüft. Nur das Umbenennen wurde verweigert.',
    todo: 'Benennen Sie es selbst um, sobald das andere Programm es geschlossen hat.',
  },
  'dest-lost': {
    what: 'Das Ziellaufwerk ist nicht mehr da.',
    why: 'Das Schreiben nach {{path}} schlug fehl: Das Laufwerk wurde abgezogen, ist eingeschlafen oder antwortet nicht mehr ({{reason}}).',
    todo: 'Schließen Sie das Laufwerk wieder an und machen Sie weiter. Alles Fertige bleibt erhalten.',
  },

  'dest-exchanged': {
    what: 'Das Laufwerk des Ziels wurde getrennt.',
    why: '{{path}} ist jetzt ein anderer Ordner als zu Beginn der Wiederherstellung. Was bis dahin fertig war, liegt auf dem Laufwerk, das zuerst dort war; danach wurde nichts mehr geschrieben.',
    todo: 'Schließen Sie dieses Laufwerk an derselben Stelle wieder an und machen Sie weiter. Alles Fertige bleibt erhalten.',
  },
  'dest-busy': {
    what: '{{path}} wird gerade von einem anderen Programm benutzt.',
    why: 'Vielleicht hat ein Virenscanner, ein Suchindex oder ein Programm zum Synchronisieren es geöffnet.',
    todo: 'Schließen Sie dieses Programm oder warten Sie auf sein Ende, und versuchen Sie es dann noch einmal. Alles Fertige bleibt erhalten.',
  },
  'dest-refused': {
    what: '{{path}} konnte nicht geschrieben werden.',
    why: 'Das System meldet: „{{reason}}“. Andere Dateien sind nicht betroffen.',
    todo: 'Versuchen Sie es noch einmal. Wenn es wieder geschieht, wählen Sie einen Ordner auf einem anderen Laufwerk.',
  },

  // Images of disks
  'image-missing': {
    what: 'Unter {{path}} gibt es kein Abbild.',
    why: 'Vielleicht wurde es verschoben oder umbenannt, oder das Laufwerk, auf dem es liegt, ist nicht angeschlossen.',
    todo: 'Schließen Sie das Laufwerk an oder wählen Sie das Abbild noch einmal.',
  },
  'image-not-a-file': {
    what: '{{path}} ist kein Abbild.',
    why: 'Es ist ein Ordner oder ein Gerät. Ein Abbild ist eine Datei und heißt meist private.img oder root.img.',
    todo: 'Wählen Sie das Abbild selbst, im Ordner seines Qubes.',
  },
  'image-empty': {
    what: '{{path}} ist leer.',
    why: 'Die Datei hat 0 Bytes, also ist kein Dateisystem darin.',
    todo: 'Wählen Sie ein anderes Abbild oder stellen Sie dieses noch einmal wieder her.',
  },
  'image-blank': {
    what: 'Hier ist kein Dateisystem.',
    why: 'Das Abbild oder diese Partition beginnt nur mit Nullen: Es wurde nie formatiert, oder es wurde überschrieben.',
    todo: 'Darin gibt es nichts durchzusehen. Wenn hier Dateien sein sollten, stellen Sie das Abbild aus einem anderen Backup wieder her.',
  },
  'partition-table-damaged': {
    what: 'Die Partitionstabelle dieses Abbilds ist beschädigt.',
    why: 'Auf {{table}} ist kein Verlass: {{detail}}.',
    todo: 'Was noch zu finden war, wird angezeigt. Das Abbild selbst ist so wiederhergestellt, wie es gesichert wurde.',
  },
  'filesystem-unsupported': {
    what: 'Lifeboat kann nicht in dieses Abbild hineinsehen.',
    why: 'Es enthält {{name, volume}}. Lifeboat sieht in ext2, ext3 und ext4 hinein, worin Linux Dateien ablegt.',
    todo: 'Das Abbild selbst ist vollständig: Öffnen Sie es mit einem Programm für das, was es enthält.',
  },
  'filesystem-feature-unsupported': {
    what: 'Lifeboat kann nicht in dieses Abbild hineinsehen.',
    why: 'Sein Dateisystem verwendet Eigenschaften, die Lifeboat nicht liest: {{features}}.',
    todo: 'Das Abbild selbst ist vollständig: Hängen Sie es auf einem Computer mit Linux ein.',
  },
  'filesystem-damaged': {
    what: 'Ein Teil des Dateisystems in diesem Abbild ist beschädigt.',
    why: 'Fehlerhaft ist {{structure}}: {{detail}}. Wenn das Abbild vollständig wiederhergestellt wurde, war das schon vor dem Sichern so.',
    todo: 'Andere Dateien können in Ordnung sein. Zum Reparieren prüfen Sie das Dateisystem in einer Kopie des Abbilds.',
  },
  'filesystem-part-lost': {
    what: 'Dieser Teil des Abbilds ging im Backup verloren.',
    why: '{{bytes, size}} des Abbilds ließen sich aus dem Backup nicht retten. Sie enthalten: {{structure}}.',
    todo: 'Andere Dateien sind nicht betroffen. Wenn Sie eine weitere Kopie des Backups haben, stellen Sie das Abbild aus ihr wieder her.',
  },
  'filesystem-marked-damaged': {
    what: 'Das Dateisystem in diesem Abbild ist als beschädigt markiert.',
    why: 'Der Qube hatte schon vor dem Sichern einen Schaden bemerkt.',
    todo: 'Kopieren Sie die Dateien heraus, die Sie brauchen, und prüfen Sie sie.',
  },
  'filesystem-unproven': {
    what: 'Das Dateisystem in diesem Abbild wurde geöffnet, obwohl sein Superblock beschädigt ist.',
    why: 'Der Superblock sagt, wie das Dateisystem aufgebaut ist ({{detail}}), und das Abbild hat keine gute Kopie davon.',
    todo: 'Kopieren Sie die Dateien heraus, die Sie brauchen, und prüfen Sie sie. Einige können fehlen oder falsch sein.',
  },
  'filesystem-backup-used': {
    what: 'Das Dateisystem in diesem Abbild wurde aus seiner eigenen Reserve gelesen.',
    why: 'Beschädigt oder verloren ist {{structure}}.',
    todo: 'Kopieren Sie die Dateien heraus, die Sie brauchen, und prüfen Sie sie.',
  },
  'filesystem-cut-off': {
    what: 'Das Dateisystem in diesem Abbild ist größer als das Abbild.',
    why: 'Es sollten {{expected, size}} sein, das Abbild hat {{size, size}}.',
    todo: 'Dateien jenseits des Endes sind nicht lesbar, die anderen schon.',
  },
  'partition-missing': {
    what: 'In diesem Abbild gibt es keine Partition {{partition}}.',
    why: 'Partitionen haben die Nummern, die das Abbild ihnen gibt, und nicht jede Nummer ist vergeben.',
    todo: 'Lassen Sie die Nummer weg, dann wird die größte lesbare Partition genommen.',
  },
  'filesystem-entry-missing': {
    what: 'In diesem Abbild gibt es kein {{path}}.',
    why: 'Es war beim Sichern nicht da, oder der Name schreibt sich anders.',
    todo: 'Suchen Sie im Ordner darüber.',
  },
  'filesystem-link-dangling': {
    what: '{{path}} führt zu {{target}}, und das gibt es in diesem Abbild nicht.',
    why: 'Es ist eine Verknüpfung, oder der Weg dorthin ist eine. Das Ziel ist auf einem anderen Datenträger des Qubes, etwa in seiner root.img, oder es fehlte schon beim Sichern.',
    todo: 'Suchen Sie es in den anderen Abbildern des Qubes oder seines Templates.',
  },
  'filesystem-entry-is-folder': {
    what: '{{path}} ist ein Ordner.',
    why: 'Nur eine Datei hat einen eigenen Inhalt.',
    todo: 'Wählen Sie eine Datei darin, oder kopieren Sie den ganzen Ordner.',
  },
  'filesystem-entry-unfit': {
    what: '{{path}} ist etwas anderes als gewünscht.',
    why: 'Erwartet wurde: {{expected}}. Gefunden wurde: {{found}}.',
    todo: 'Wählen Sie etwas anderes.',
  },
  'filesystem-entry-encrypted': {
    what: 'Diese Datei ist innerhalb des Qubes verschlüsselt.',
    why: 'Ihr Schlüssel (Inode {{inode}}) gehört nicht zur Verschlüsselung des Backups.',
    todo: 'Sie lässt sich nur in einem Qube lesen, der den Schlüssel hat.',
  },
  'filesystem-link-loop': {
    what: 'Die Verknüpfung {{path}} führt ins Leere.',
    why: 'Sie zeigt auf sich selbst, direkt oder über andere Verknüpfungen.',
    todo: 'Nichts; so war es im Qube.',
  },
  'journal-replayed': {
    what: 'Die letzten Änderungen in diesem Abbild stammen aus seinem Journal.',
    why: 'Der Qube lief, als er gesichert wurde: {{transactions}} Änderungen in {{blocks}} Blöcken standen noch aus.',
    todo: 'Nichts; Sie sehen den neuesten Stand. Das Abbild selbst ist unverändert.',
  },
  'journal-damaged': {
    what: 'Die letzten Änderungen in diesem Abbild ließen sich nicht aus seinem Journal übernehmen.',
    why: 'Der Qube lief, als er gesichert wurde, und sein Journal ist beschädigt: {{detail}}.',
    todo: 'Zuletzt geschriebene Dateien können fehlen oder alt sein.',
  },
  'journal-lost': {
    what: 'Das Journal dieses Abbilds ging im Backup verloren.',
    why: 'Der Teil des Abbilds, der es enthält, ließ sich nicht retten: {{structure}}. Wenn der Qube bei der Sicherung lief, standen seine letzten Änderungen im Journal.',
    todo: 'Dateien, die zuletzt geschrieben wurden, können fehlen oder veraltet sein.',
  },
  'image-partial': {
    what: 'Teile dieses Abbilds gingen im Backup verloren.',
    why: '{{lost, size}} von {{size, size}} ließen sich nicht retten. Die Karte neben dem Abbild sagt, welche.',
    todo: 'Dateien in den verlorenen Teilen werden als unvollständig genannt. Alle anderen Dateien sind richtig.',
  },
  'lost-map-missing': {
    what: 'Dieses Abbild ist unvollständig, und nichts sagt, welche Teile fehlen.',
    why: 'Unter {{path}} gibt es keine Karte. Fehlende Teile werden als Nullen gelesen, auch mitten in Dateien, die vollständig aussehen.',
    todo: 'Legen Sie die Karte neben das Abbild, wenn Sie sie noch haben. Sonst stellen Sie das Abbild noch einmal wieder her.',
  },
  'lost-map-unusable': {
    what: 'Dieses Abbild ist unvollständig, und die Karte seiner fehlenden Teile ist unbrauchbar.',
    why: 'Die Karte unter {{path}} ist beschädigt oder gehört zu einem anderen Abbild: {{detail}}. Fehlende Teile werden als Nullen gelesen, auch mitten in Dateien, die vollständig aussehen.',
    todo: 'Stellen Sie das Abbild noch einmal wieder her.',
  },
  'file-part-lost': {
    what: '{{path}} ist unvollständig: {{lost, size}} davon gingen im Backup verloren.',
    why: 'Die Datei hat {{size, size}}. Die verlorenen Bytes ließen sich aus dem Backup nicht retten und werden als Nullen gelesen.',
    todo: 'Wenn Sie eine weitere Kopie des Backups haben, stellen Sie das Abbild aus ihr wieder her.',
  },
  'entry-part-lost': {
    what: 'Ein Teil von {{path}} ging im Backup verloren.',
    why: 'Der Teil des Abbilds, der {{structure}} enthält, ließ sich nicht retten. Was darin beschrieben war, fehlt in der Kopie.',
    todo: 'Wenn Sie eine weitere Kopie des Backups haben, stellen Sie das Abbild aus ihr wieder her.',
  },

  // Mounting
  'mount-untrusted': {
    what: 'Beim Einhängen liest der Dateisystem-Code dieses Computers das Abbild.',
    why: 'Ein feindlicher Qube kann sein Abbild so vorbereitet haben, dass es diesen Code angreift. Dass nur gelesen wird, verhindert das nicht.',
    todo: 'Hängen Sie nur Abbilder von Qubes ein, denen Sie trauen, oder nehmen Sie einen abgeschotteten Computer, der von einem Live-USB-Stick gestartet wurde. Das Durchsehen in Lifeboat verwendet diesen Code nicht.',
  },
  'mount-hides-changes': {
    what: 'Die letzten Änderungen vor dem Backup sind nicht zu sehen.',
    why: 'Der Qube lief, als er gesichert wurde. Seine letzten Änderungen stehen noch im Journal des Abbilds, und das blieb unbeachtet.',
    todo: 'Um sie zu sehen, sehen Sie das Abbild in Lifeboat durch oder hängen Sie eine wiederhergestellte Kopie ein.',
  },
  'mount-shows-zeros': {
    what: 'Eingehängt zeigt dieses Abbild seine verlorenen Teile als Nullen.',
    why: '{{lost, size}} davon gingen im Backup verloren. Linux weiß das nicht und meldet für Dateien in diesen Teilen keinen Fehler.',
    todo: 'Welche Dateien unvollständig sind, zeigt Lifeboat beim Durchsehen und Kopieren.',
  },
  'mount-needs-linux': {
    what: 'Einhängen lassen sich Abbilder nur unter Linux.',
    why: 'Dieses System kennt die Dateisysteme von Linux nicht.',
    todo: 'Sehen Sie das Abbild in Lifeboat durch: Das geht auf jedem System.',
  },
  'mount-unsupported': {
    what: 'Lifeboat hat auf diesem Computer keinen Weg gefunden, Abbilder einzuhängen.',
    why: 'Weder udisks noch fuse2fs arbeitet hier, und ohne sie ist das Einhängen der Verwaltung vorbehalten.',
    todo: 'Sehen Sie das Abbild in Lifeboat durch, installieren Sie fuse2fs oder führen Sie den Befehl unten im Terminal aus.',
  },
  'mount-not-authorised': {
    what: 'Das System hat es nicht erlaubt.',
    why: 'Zum Ein- und Aushängen ist hier die Zustimmung der Verwaltung nötig, und die kam nicht.',
    todo: 'Sehen Sie das Abbild in Lifeboat durch oder führen Sie den Befehl unten im Terminal aus.',
  },
  'mount-timed-out': {
    what: 'Das System hat nicht geantwortet.',
    why: '{{tool}} wurde nach {{seconds}} Sekunden ohne Antwort beendet.',
    todo: 'Versuchen Sie es noch einmal oder sehen Sie das Abbild in Lifeboat durch.',
  },
  'mount-failed': {
    what: 'Das Abbild ließ sich nicht einhängen.',
    why: '{{way}} sagt: {{detail}}.',
    todo: 'Sehen Sie das Abbild in Lifeboat durch; das kommt mit mehr Schäden zurecht als das Einhängen.',
  },
  'mount-busy': {
    what: '{{path}} ist in Gebrauch.',
    why: 'Ein Programm hat dort noch eine Datei oder einen Ordner offen, oder das Einhängen läuft gerade.',
    todo: 'Schließen Sie Dateimanager, Terminals und Programme, die darauf zugreifen, und versuchen Sie es noch einmal.',
  },
  'mount-unknown': {
    what: '{{path}} ist nicht von Lifeboat eingehängt.',
    why: 'Es war nie eingehängt, ist es nicht mehr, oder ein anderes Programm hat es eingehängt.',
    todo: 'Nichts; oder hängen Sie es mit dem Programm aus, das es eingehängt hat.',
  },
  'unmount-failed': {
    what: '{{path}} ließ sich nicht aushängen.',
    why: 'Das System sagt: {{detail}}.',
    todo: 'Versuchen Sie es noch einmal. Ein Neustart des Computers hängt es sicher aus; das Abbild bleibt unversehrt.',
  },
  'image-journal-dirty': {
    what: 'Würde {{path}} so eingehängt, wären die letzten Änderungen nicht zu sehen.',
    why: 'Der Qube lief, als er gesichert wurde: Seine letzten Änderungen stehen noch im Journal des Abbilds.',
    todo: 'Sehen Sie das Abbild in Lifeboat durch, dort sind sie zu sehen; oder hängen Sie eine wiederhergestellte Kopie ein; oder verzichten Sie auf sie.',
  },
  'image-recovery-failed': {
    what: 'Die letzten Änderungen ließen sich nicht in die Kopie des Abbilds schreiben.',
    why: 'e2fsck, das dafür da ist, sagt: {{detail}}.',
    todo: 'Sehen Sie das Abbild in Lifeboat durch oder hängen Sie es ohne die letzten Änderungen ein. Das Abbild selbst ist unversehrt.',
  },

  // The program itself
  'thread-ended': {
    what: 'Der Programmteil, der Dateien entpackt, ist nicht mehr da.',
    why: 'Das System gab ihm zu wenig Arbeitsspeicher oder zu wenige offene Dateien ({{reason}}).',
    todo: 'Schließen Sie andere Programme oder erhöhen Sie die Grenzen des Systems (ulimit), und versuchen Sie es dann noch einmal. Alles Fertige bleibt erhalten.',
  },
  'engine-gone': {
    what: 'Die Wiederherstellung wurde unerwartet beendet.',
    why: 'Der arbeitende Teil des Programms ist nicht mehr da ({{reason}}).',
    todo: 'Setzen Sie fort, oder beginnen Sie dieselbe Wiederherstellung noch einmal: Sie geht nach dem weiter, was fertig war.',
  },
  'output-failed': {
    what: 'Die Ausgabe konnte nicht vollständig geschrieben werden.',
    why: 'Das System meldet „{{reason}}“ für die Standardausgabe. Vielleicht ist das Laufwerk voll, auf das sie geschrieben wird, oder es nimmt keine so großen Dateien.',
    todo: 'Schaffen Sie Platz oder wählen Sie einen anderen Ort für die Ausgabe, und starten Sie den Befehl noch einmal.',
  },
  cancelled: {
    what: 'Abgebrochen.',
    why: 'Sie haben um Abbruch gebeten.',
    todo: 'Beginnen Sie noch einmal, wann immer Sie möchten.',
  },
  unexpected: {
    what: 'Es ist etwas geschehen, worauf Lifeboat nicht vorbereitet war.',
    why: 'Das Programm sagt: {{detail}}.',
    todo: 'Versuchen Sie es noch einmal. Wenn es wieder geschieht, melden Sie es bitte mit diesem Text.',
  },
};
