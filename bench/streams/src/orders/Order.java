package orders;

import java.io.IOException;
import java.util.Arrays;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.util.Utf8;
import org.apache.kafka.common.utils.Bytes;

/** What an order is judged by. */
record Order(Bytes id, String user, String item, int quantity) {
    private static final int MAX_LENGTH = 256;

    boolean isValid() {
        return isName(id.get().length) && isName(user.length()) && isName(item.length()) && quantity > 0;
    }

    private static boolean isName(int length) {
        return length > 0 && length <= MAX_LENGTH;
    }

    /** Reads orders, one after the other; field by field, which is faster than by Avro's own records. */
    static final class Reader {
        private static final byte MAGIC = 0;
        /** The magic byte and the schema's id; the topic's only schema is our own. */
        private static final int HEADER_BYTES = 5;

        private BinaryDecoder decoder;

        /** Throws an {@link IOException} if {@code value} is no order. */
        Order read(byte[] value) throws IOException {
            if (value == null || value.length <= HEADER_BYTES || value[0] != MAGIC) throw new IOException("No Avro");
            decoder = DecoderFactory.get().binaryDecoder(value, HEADER_BYTES, value.length - HEADER_BYTES, decoder);
            Utf8 id = decoder.readString(null);
            return new Order(bytesOf(id), decoder.readString(), decoder.readString(), decoder.readInt());
        }

        private static Bytes bytesOf(Utf8 text) {
            return Bytes.wrap(Arrays.copyOf(text.getBytes(), text.getByteLength()));
        }
    }
}
