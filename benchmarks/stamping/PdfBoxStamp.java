// One process of `meterai bench stamp` that stamps with PDFBox 2 and Bouncy Castle, as Debian ships them:
// `java -cp ... PdfBoxStamp.java PKI DOCUMENT SECONDS`. Warms up, says `ready`, waits for a line, measures,
// prints one JSON object. As in PDFBox's own examples, with the key loaded once.

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Calendar;
import java.util.Date;
import java.util.List;
import java.util.Random;

import org.apache.pdfbox.cos.COSArray;
import org.apache.pdfbox.cos.COSDictionary;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.PDResources;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.common.PDStream;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.graphics.form.PDFormXObject;
import org.apache.pdfbox.pdmodel.graphics.image.LosslessFactory;
import org.apache.pdfbox.pdmodel.interactive.annotation.PDAnnotationWidget;
import org.apache.pdfbox.pdmodel.interactive.annotation.PDAppearanceDictionary;
import org.apache.pdfbox.pdmodel.interactive.annotation.PDAppearanceStream;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.ExternalSigningSupport;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.PDSignature;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.SignatureOptions;
import org.apache.pdfbox.pdmodel.interactive.form.PDAcroForm;
import org.apache.pdfbox.pdmodel.interactive.form.PDSignatureField;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.ess.ESSCertIDv2;
import org.bouncycastle.asn1.ess.SigningCertificateV2;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.CMSAbsentContent;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.CMSTypedData;
import org.bouncycastle.cms.DefaultSignedAttributeTableGenerator;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.SignerInformationStore;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.DigestCalculatorProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.tsp.TSPAlgorithms;
import org.bouncycastle.tsp.TimeStampRequest;
import org.bouncycastle.tsp.TimeStampRequestGenerator;
import org.bouncycastle.tsp.TimeStampResponse;
import org.bouncycastle.tsp.TimeStampResponseGenerator;
import org.bouncycastle.tsp.TimeStampTokenGenerator;

public class PdfBoxStamp {
    static final int SIDE = 90;
    static final int MODULES = 41;
    static final int RESERVED = 6400;

    final byte[] document;
    final List<Certificate> chain = new ArrayList<>();
    final PrivateKey key;
    final DigestCalculatorProvider digests;
    final TimeStampResponseGenerator authority;
    final SecureRandom random = new SecureRandom();
    final Random noise = new Random(7);
    final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long authorityNanoseconds = 0;

    PdfBoxStamp(Path pki, Path file) throws Exception {
        document = Files.readAllBytes(file);
        for (String name : List.of("stamp.pem", "intermediate.pem")) chain.add(certificate(pki.resolve(name)));
        key = key(pki.resolve("stamp.key.pem"));
        digests = new JcaDigestCalculatorProviderBuilder().build();
        X509Certificate tsa = certificate(pki.resolve("tsa.pem"));
        TimeStampTokenGenerator tokens = new TimeStampTokenGenerator(
            new JcaSignerInfoGeneratorBuilder(digests).build(
                new JcaContentSignerBuilder("SHA256withRSA").build(key(pki.resolve("tsa.key.pem"))), tsa),
            digests.get(new org.bouncycastle.asn1.x509.AlgorithmIdentifier(TSPAlgorithms.SHA256)),
            new ASN1ObjectIdentifier("1.3.6.1.4.1.99999.1.1"));
        tokens.addCertificates(new JcaCertStore(List.of(tsa, chain.get(1))));
        authority = new TimeStampResponseGenerator(tokens, TSPAlgorithms.ALLOWED);
    }

    byte[] stamp() throws Exception {
        String serial = new BigInteger(110, random).toString(32).toUpperCase();
        ByteArrayOutputStream out = new ByteArrayOutputStream(document.length + 40_000);
        try (PDDocument pdf = PDDocument.load(document);
             SignatureOptions options = new SignatureOptions()) {
            PDSignature signature = new PDSignature();
            signature.setFilter(PDSignature.FILTER_ADOBE_PPKLITE);
            signature.setSubFilter(COSName.getPDFName("ETSI.CAdES.detached"));
            signature.setReason("[" + serial + "] Pembubuhan meterai elektronik");
            signature.setLocation("Indonesia");
            signature.setSignDate(Calendar.getInstance());
            certify(pdf, signature);
            options.setVisualSignature(appearance(pdf, serial));
            options.setPage(0);
            options.setPreferredSignatureSize(RESERVED);
            pdf.addSignature(signature, options);
            ExternalSigningSupport external = pdf.saveIncrementalForExternalSigning(out);
            external.setSignature(sign(external.getContent()));
        }
        return out.toByteArray();
    }

    /** DocMDP P=1, as in PDFBox's SigUtils. */
    void certify(PDDocument pdf, PDSignature signature) {
        COSDictionary parameters = new COSDictionary();
        parameters.setItem(COSName.TYPE, COSName.getPDFName("TransformParams"));
        parameters.setInt(COSName.P, 1);
        parameters.setName(COSName.V, "1.2");
        COSDictionary reference = new COSDictionary();
        reference.setItem(COSName.TYPE, COSName.getPDFName("SigRef"));
        reference.setItem(COSName.getPDFName("TransformMethod"), COSName.getPDFName("DocMDP"));
        reference.setItem(COSName.getPDFName("TransformParams"), parameters);
        COSArray references = new COSArray();
        references.add(reference);
        signature.getCOSObject().setItem(COSName.getPDFName("Reference"), references);
        COSDictionary permissions = new COSDictionary();
        permissions.setItem(COSName.getPDFName("DocMDP"), signature);
        COSDictionary catalog = pdf.getDocumentCatalog().getCOSObject();
        catalog.setItem(COSName.getPDFName("Perms"), permissions);
        catalog.setNeedToBeUpdated(true);
    }

    /** A visible signature as in PDFBox's CreateVisibleSignature2. The code's modules are random. */
    InputStream appearance(PDDocument source, String serial) throws Exception {
        try (PDDocument template = new PDDocument()) {
            template.addPage(new PDPage(source.getPage(0).getMediaBox()));
            PDAcroForm form = new PDAcroForm(template);
            template.getDocumentCatalog().setAcroForm(form);
            PDSignatureField field = new PDSignatureField(form);
            PDAnnotationWidget widget = field.getWidgets().get(0);
            form.setSignaturesExist(true);
            form.setAppendOnly(true);
            form.getCOSObject().setDirect(true);
            form.getFields().add(field);
            widget.setRectangle(new PDRectangle(400, 100, SIDE, SIDE));
            PDFormXObject square = new PDFormXObject(new PDStream(template));
            square.setResources(new PDResources());
            square.setBBox(new PDRectangle(SIDE, SIDE));
            PDAppearanceDictionary looks = new PDAppearanceDictionary();
            looks.getCOSObject().setDirect(true);
            PDAppearanceStream look = new PDAppearanceStream(square.getCOSObject());
            looks.setNormalAppearance(look);
            widget.setAppearance(looks);
            try (PDPageContentStream content = new PDPageContentStream(template, look)) {
                content.drawImage(LosslessFactory.createFromImage(template, code()), 7, 23, 49, 49);
                text(content, PDType1Font.HELVETICA_BOLD, 6.7f, 4, 80, "METERAI ELEKTRONIK");
                text(content, PDType1Font.HELVETICA_BOLD, 15, 60, 46, "10000");
                text(content, PDType1Font.COURIER_BOLD, 6, 4, 4, serial);
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            template.save(out);
            return new ByteArrayInputStream(out.toByteArray());
        }
    }

    static void text(PDPageContentStream content, PDType1Font font, float size, float x, float y, String text)
        throws Exception {
        content.beginText();
        content.setFont(font, size);
        content.newLineAtOffset(x, y);
        content.showText(text);
        content.endText();
    }

    BufferedImage code() {
        BufferedImage image = new BufferedImage(MODULES, MODULES, BufferedImage.TYPE_BYTE_BINARY);
        for (int y = 0; y < MODULES; y++)
            for (int x = 0; x < MODULES; x++) image.setRGB(x, y, noise.nextBoolean() ? 0 : 0xffffff);
        return image;
    }

    byte[] sign(InputStream content) throws Exception {
        X509Certificate certificate = (X509Certificate) chain.get(0);
        byte[] fingerprint = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
        ASN1EncodableVector signed = new ASN1EncodableVector();
        signed.add(new Attribute(PKCSObjectIdentifiers.id_aa_signingCertificateV2,
            new DERSet(new SigningCertificateV2(new ESSCertIDv2(fingerprint)))));
        JcaSignerInfoGeneratorBuilder builder = new JcaSignerInfoGeneratorBuilder(digests);
        builder.setSignedAttributeGenerator(new DefaultSignedAttributeTableGenerator(new AttributeTable(signed)));
        ContentSigner signer = new JcaContentSignerBuilder("SHA256withRSA").build(key);
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        generator.addSignerInfoGenerator(builder.build(signer, certificate));
        generator.addCertificates(new JcaCertStore(chain));
        CMSSignedData cms = generator.generate(new StreamContent(content), false);
        SignerInformation one = cms.getSignerInfos().getSigners().iterator().next();
        byte[] imprint = MessageDigest.getInstance("SHA-256").digest(one.getSignature());
        ASN1EncodableVector unsigned = new ASN1EncodableVector();
        unsigned.add(new Attribute(PKCSObjectIdentifiers.id_aa_signatureTimeStampToken,
            new DERSet(ASN1Primitive.fromByteArray(token(imprint)))));
        one = SignerInformation.replaceUnsignedAttributes(one, new AttributeTable(unsigned));
        return CMSSignedData.replaceSigners(cms, new SignerInformationStore(one)).getEncoded("DER");
    }

    byte[] token(byte[] imprint) throws Exception {
        TimeStampRequestGenerator asking = new TimeStampRequestGenerator();
        asking.setCertReq(true);
        TimeStampRequest query = asking.generate(TSPAlgorithms.SHA256, imprint, new BigInteger(63, random));
        long before = threads.getCurrentThreadCpuTime();
        byte[] reply = authority.generate(query, new BigInteger(100, random), new Date()).getEncoded();
        authorityNanoseconds += threads.getCurrentThreadCpuTime() - before;
        TimeStampResponse response = new TimeStampResponse(reply);
        response.validate(query);
        return response.getTimeStampToken().getEncoded();
    }

    /** The signed content as a stream, as in PDFBox's CMSProcessableInputStream. */
    static class StreamContent implements CMSTypedData {
        final InputStream content;

        StreamContent(InputStream content) {
            this.content = content;
        }

        public ASN1ObjectIdentifier getContentType() {
            return PKCSObjectIdentifiers.data;
        }

        public Object getContent() {
            return content;
        }

        public void write(java.io.OutputStream out) throws java.io.IOException {
            content.transferTo(out);
            content.close();
        }
    }

    static X509Certificate certificate(Path path) throws Exception {
        try (InputStream in = Files.newInputStream(path)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    static PrivateKey key(Path path) throws Exception {
        String body = Files.readString(path).replaceAll("-----[^-]+-----|\\s", "");
        return KeyFactory.getInstance("RSA").generatePrivate(
            new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body)));
    }

    static long run(PdfBoxStamp bench, double seconds, long most) throws Exception {
        long start = System.nanoTime();
        long count = 0;
        while (count == 0 || (count < most && System.nanoTime() - start < seconds * 1e9)) {
            bench.stamp();
            count++;
        }
        return count;
    }

    public static void main(String[] arguments) throws Exception {
        double seconds = Double.parseDouble(arguments[2]);
        PdfBoxStamp bench = new PdfBoxStamp(Path.of(arguments[0]), Path.of(arguments[1]));
        if (arguments.length > 3) Files.write(Path.of(arguments[3]), bench.stamp());
        run(bench, 20, 2000);  // the compiler has seen it often enough by then
        System.out.println("ready");
        System.in.read();
        com.sun.management.OperatingSystemMXBean system =
            (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        bench.authorityNanoseconds = 0;
        long cpu = system.getProcessCpuTime();
        long start = System.nanoTime();
        long count = run(bench, seconds, Long.MAX_VALUE);
        double wall = (System.nanoTime() - start) / 1e9;
        double tsa = bench.authorityNanoseconds / 1e9;
        double used = (system.getProcessCpuTime() - cpu) / 1e9 - tsa;
        System.out.printf(java.util.Locale.ROOT,
            "{\"count\": %d, \"cpu_seconds\": %.6f, \"tsa_cpu_seconds\": %.6f, \"wall_seconds\": %.6f}%n",
            count, used, tsa, wall);
    }
}
